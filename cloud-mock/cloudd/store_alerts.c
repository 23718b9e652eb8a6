/* store_alerts.c */

#include "cloudd/store_alerts.h"

#include <stdio.h>

#include "cloudd/store_sql.h"

enum err store_alert_add(struct store *store, struct store_alert *alert)
{
    enum err e = store_do(store,
        "INSERT INTO alerts(thing, ts, kind, text) VALUES(?1, ?2, ?3, ?4)",
        "titt", alert->thing, alert->ts_ms, alert->kind, alert->text);

    if (e != ERR_OK)
        return e;
    alert->id = sqlite3_last_insert_rowid(store->db);
    return store_do(store,
        "DELETE FROM alerts WHERE thing=?1 AND id<=(SELECT id FROM alerts"
        " WHERE thing=?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        "ti", alert->thing, (int64_t)STORE_ALERTS_MOST);
}

bool store_alert_open(struct store *store, const char *thing, const char *kind)
{
    sqlite3_stmt *s = NULL;
    bool open = store_ask(store, &s,
                    "SELECT 1 FROM alerts WHERE thing=?1 AND kind=?2"
                    " AND over IS NULL LIMIT 1",
                    "tt", thing, kind) == ERR_OK &&
        store_step(store, s) == ERR_OK;

    (void)sqlite3_finalize(s);
    return open;
}

enum err store_alert_end(
    struct store *store, const char *thing, const char *kind, int64_t now_ms)
{
    return store_do(store,
        "UPDATE alerts SET over=?3 WHERE thing=?1 AND kind=?2"
        " AND over IS NULL",
        "tti", thing, kind, now_ms);
}

enum err store_alert_thing(
    struct store *store, int64_t id, char *thing, size_t size)
{
    sqlite3_stmt *s = NULL;
    enum err e =
        store_ask(store, &s, "SELECT thing FROM alerts WHERE id=?1", "i", id);

    if (e == ERR_OK)
        e = store_step(store, s);
    if (e == ERR_OK)
        (void)snprintf(
            thing, size, "%s", (const char *)sqlite3_column_text(s, 0));
    (void)sqlite3_finalize(s);
    return e;
}

enum err store_alert_dismiss(struct store *store, const char *user, int64_t id)
{
    return store_do(store,
        "INSERT OR IGNORE INTO dismissed(user, alert) VALUES(?1, ?2)", "ti",
        user, id);
}

enum err store_alerts_wipe(struct store *store, const char *thing)
{
    return store_do(store, "DELETE FROM alerts WHERE thing=?1", "t", thing);
}

void store_alerts_each(struct store *store, const char *user,
    store_alert_callback *callback, void *context)
{
    sqlite3_stmt *s = NULL;

    if (store_ask(store, &s,
            "SELECT id, thing, ts, kind, text, over FROM alerts"
            " WHERE id NOT IN (SELECT alert FROM dismissed WHERE user=?1)"
            " ORDER BY id DESC",
            "t", user) == ERR_OK) {
        while (store_step(store, s) == ERR_OK) {
            struct store_alert a = {
                .id = sqlite3_column_int64(s, 0),
                .thing = (const char *)sqlite3_column_text(s, 1),
                .ts_ms = sqlite3_column_int64(s, 2),
                .kind = (const char *)sqlite3_column_text(s, 3),
                .text = (const char *)sqlite3_column_text(s, 4),
            };

            callback(context, &a, sqlite3_column_int64(s, 5));
        }
    }
    (void)sqlite3_finalize(s);
}
