/* store_presence.c */

#include "cloud-mock/lib/store_presence.h"

#include "cloud-mock/lib/store_sql.h"

static void read_presence(sqlite3_stmt *s, struct store_presence *out)
{
    store_text(s, 0, out->client, sizeof(out->client));
    out->connected = sqlite3_column_int(s, 1) != 0;
    out->since_ms = sqlite3_column_int64(s, 2);
    out->version = sqlite3_column_int64(s, 3);
    store_text(s, 4, out->session, sizeof(out->session));
    store_text(s, 5, out->certificate, sizeof(out->certificate));
    store_text(s, 6, out->ip, sizeof(out->ip));
    store_text(s, 7, out->reason, sizeof(out->reason));
}

enum err store_get_presence(
    struct store *store, const char *client, struct store_presence *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_GET_PRESENCE);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, client);
    e = store_row(store, s);
    if (e == ERR_OK)
        read_presence(s, out);
    store_reset(s);
    return e;
}

enum err store_put_presence(
    struct store *store, const struct store_presence *presence)
{
    sqlite3_stmt *s = store_statement(store, SQL_PUT_PRESENCE);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, presence->client);
    store_bind_number(s, 2, presence->connected);
    store_bind_number(s, 3, presence->since_ms);
    store_bind_number(s, 4, presence->version);
    store_bind_text(s, 5, presence->session);
    store_bind_text(s, 6, presence->certificate);
    store_bind_text(s, 7, presence->ip);
    store_bind_text(s, 8, presence->reason);
    return store_run(store, s);
}

enum err store_presence_all_gone(
    struct store *store, int64_t now_ms, const char *reason)
{
    sqlite3_stmt *s = store_statement(store, SQL_ALL_GONE);

    if (s == NULL)
        return ERR_IO;
    store_bind_number(s, 1, now_ms);
    store_bind_text(s, 2, reason);
    return store_run(store, s);
}
