/* store_labels.c */

#include "cloudd/store_labels.h"

#include <stdio.h>

#include "cloudd/store_sql.h"

enum err store_label_put(struct store *store, const char *user,
    const char *thing, const struct store_label *label)
{
    return store_do(store,
        "INSERT INTO labels(user, thing, name, room) VALUES(?1, ?2, ?3, ?4)"
        " ON CONFLICT(user, thing) DO UPDATE SET name=excluded.name,"
        " room=excluded.room",
        "tttt", user, thing, label->name, label->room);
}

static void take(sqlite3_stmt *s, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

enum err store_label_get(struct store *store, const char *user,
    const char *thing, struct store_label *label)
{
    sqlite3_stmt *s = NULL;
    enum err e;

    *label = (struct store_label){0};
    e = store_ask(store, &s,
        "SELECT name, room FROM labels WHERE user=?1 AND thing=?2", "tt", user,
        thing);
    if (e == ERR_OK)
        e = store_step(store, s);
    if (e == ERR_OK) {
        take(s, 0, label->name, sizeof(label->name));
        take(s, 1, label->room, sizeof(label->room));
    }
    (void)sqlite3_finalize(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_labels_wipe(struct store *store, const char *thing)
{
    return store_do(store, "DELETE FROM labels WHERE thing=?1", "t", thing);
}

enum err store_kept_get(
    struct store *store, const char *name, char *value, size_t size)
{
    sqlite3_stmt *s = NULL;
    enum err e =
        store_ask(store, &s, "SELECT value FROM kept WHERE name=?1", "t", name);

    if (e == ERR_OK)
        e = store_step(store, s);
    if (e == ERR_OK)
        take(s, 0, value, size);
    (void)sqlite3_finalize(s);
    return e;
}

enum err store_kept_put(
    struct store *store, const char *name, const char *value)
{
    return store_do(store,
        "INSERT INTO kept(name, value) VALUES(?1, ?2)"
        " ON CONFLICT(name) DO UPDATE SET value=excluded.value",
        "tt", name, value);
}
