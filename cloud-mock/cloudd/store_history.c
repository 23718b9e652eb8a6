/* store_history.c */

#include "cloudd/store_history.h"

#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"
#include "cloudd/store_sql.h"

static enum err trim(struct store *store, const char *thing)
{
    return store_do(store,
        "DELETE FROM history WHERE thing=?1 AND id<=(SELECT id FROM history"
        " WHERE thing=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        "ti", thing, (int64_t)STORE_HISTORY_MOST);
}

enum err store_history_add(struct store *store, const struct store_event *event)
{
    char *detail = event->detail != NULL ? json_print(event->detail) : NULL;
    enum err e;

    if (event->detail != NULL && detail == NULL)
        return ERR_NO_MEMORY;
    e = store_do(store,
        "INSERT INTO history(thing, ts, kind, who, text, detail)"
        " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        "titttt", event->thing, event->ts_ms, event->kind, event->who,
        event->text, detail);
    free(detail);
    return e == ERR_OK ? trim(store, event->thing) : e;
}

struct json *store_event_json(const struct store_event *event)
{
    struct json *o = json_new_object();

    return fields_end(o,
        fields_number(o, "ts", (double)event->ts_ms) &&
            fields_text(o, "kind", event->kind) &&
            fields_text(o, "who", event->who) &&
            fields_text(o, "text", event->text) &&
            fields_copy(o, "detail", event->detail));
}

/* A row of ts, kind, who, text, detail. */
static struct json *row(sqlite3_stmt *s)
{
    const char *text = (const char *)sqlite3_column_text(s, 4);
    struct json *detail = NULL, *event;

    /* What does not parse was not written by us: shown without it. */
    if (text != NULL &&
        json_parse(text, strlen(text), (struct json_limits){65536, 64},
            &detail) != ERR_OK)
        detail = NULL;
    event = store_event_json(&(struct store_event){
        .ts_ms = sqlite3_column_int64(s, 0),
        .kind = (const char *)sqlite3_column_text(s, 1),
        .who = (const char *)sqlite3_column_text(s, 2),
        .text = (const char *)sqlite3_column_text(s, 3),
        .detail = detail,
    });
    json_free(detail);
    return event;
}

enum err store_history_list(struct store *store, const char *thing,
    const char *kind, int64_t before_ms, struct json **out)
{
    struct json *list = json_new_array();
    sqlite3_stmt *s = NULL;
    enum err e = list == NULL
        ? ERR_NO_MEMORY
        : store_ask(store, &s,
              "SELECT ts, kind, who, text, detail"
              " FROM history WHERE thing=?1 AND ts<?2"
              " AND (?3 IS NULL OR kind=?3)"
              " ORDER BY ts DESC, id DESC LIMIT ?4",
              "titi", thing, before_ms, kind, (int64_t)STORE_HISTORY_PAGE);

    while (e == ERR_OK) {
        e = store_step(store, s);
        if (e == ERR_OK)
            e = json_append(list, row(s));
    }
    (void)sqlite3_finalize(s);
    if (e != ERR_NOT_FOUND) {
        json_free(list);
        return e;
    }
    *out = list;
    return ERR_OK;
}

static bool answers(
    struct store *store, const char *sql, const char *thing, const char *kind)
{
    sqlite3_stmt *s = NULL;
    bool yes = store_ask(store, &s, sql, "tt", thing, kind) == ERR_OK &&
        store_step(store, s) == ERR_OK && sqlite3_column_int(s, 0) != 0;

    (void)sqlite3_finalize(s);
    return yes;
}

bool store_history_last_is(
    struct store *store, const char *thing, const char *kind)
{
    return answers(store,
        "SELECT kind=?2 FROM history WHERE thing=?1 AND kind IN"
        " ('connected', 'disconnected') ORDER BY ts DESC, id DESC LIMIT 1",
        thing, kind);
}

bool store_history_has(struct store *store, const char *thing, const char *kind)
{
    return answers(store,
        "SELECT 1 FROM history WHERE thing=?1 AND kind=?2 LIMIT 1", thing,
        kind);
}

enum err store_history_wipe(struct store *store, const char *thing)
{
    return store_do(store, "DELETE FROM history WHERE thing=?1", "t", thing);
}
