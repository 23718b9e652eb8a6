/* store_hooks.c */

#include "cloudd/store_hooks.h"

#include <stdio.h>

#include "cloudd/store_sql.h"

enum err store_hook_put(
    struct store *store, const char *user, const char *url, const char *secret)
{
    return store_do(store,
        "INSERT OR REPLACE INTO hooks(user, url, secret) VALUES(?1, ?2, ?3)",
        "ttt", user, url, secret);
}

static void take(sqlite3_stmt *s, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

enum err store_hook_get(
    struct store *store, const char *user, struct store_hook *out)
{
    sqlite3_stmt *s = NULL;
    enum err e = store_ask(store, &s,
        "SELECT url, secret, tried, fault, again FROM hooks WHERE user=?1", "t",
        user);

    if (e == ERR_OK)
        e = store_step(store, s);
    if (e == ERR_OK) {
        take(s, 0, out->url, sizeof(out->url));
        take(s, 1, out->secret, sizeof(out->secret));
        out->tried_ms = sqlite3_column_int64(s, 2);
        take(s, 3, out->fault, sizeof(out->fault));
        out->again = sqlite3_column_int64(s, 4) != 0;
    }
    (void)sqlite3_finalize(s);
    return e;
}

enum err store_hook_remove(struct store *store, const char *user)
{
    return store_do(store, "DELETE FROM hooks WHERE user=?1", "t", user);
}

enum err store_hook_tried(
    struct store *store, int64_t now_ms, const struct hook_outcome *outcome)
{
    return store_do(store,
        "UPDATE hooks SET tried=?2, fault=?3, again=?4 WHERE user=?1", "titi",
        outcome->to, now_ms, outcome->fault, (int64_t)outcome->again);
}
