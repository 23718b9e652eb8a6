/* store_alarm.c */

#include "cloud-mock/lib/store_alarm.h"

#include "cloud-mock/lib/store_sql.h"

enum err store_put_alarm(struct store *store, const struct store_alarm *alarm)
{
    sqlite3_stmt *s = store_statement(store, SQL_PUT_ALARM);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, alarm->thing);
    store_bind_number(s, 2, alarm->ts_ms);
    store_bind_text(s, 3, alarm->kind);
    store_bind_text(s, 4, alarm->text);
    return store_run(store, s);
}

static void read_row(sqlite3_stmt *s, struct store_alarm *out)
{
    store_text(s, 0, out->thing, sizeof(out->thing));
    out->ts_ms = sqlite3_column_int64(s, 1);
    store_text(s, 2, out->kind, sizeof(out->kind));
    store_text(s, 3, out->text, sizeof(out->text));
    out->count = sqlite3_column_int64(s, 4);
}

enum err store_get_alarm(struct store *store, const char *thing,
    const char *kind, struct store_alarm *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_GET_ALARM);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    store_bind_text(s, 2, kind);
    e = store_row(store, s);
    if (e == ERR_OK)
        read_row(s, out);
    store_reset(s);
    return e;
}

enum err store_each_alarm(struct store *store, const char *thing,
    store_alarm_visitor *visit, void *context)
{
    sqlite3_stmt *s = store_statement(store, SQL_EACH_ALARM);
    struct store_alarm alarm;
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    while ((e = store_row(store, s)) == ERR_OK) {
        read_row(s, &alarm);
        e = visit(context, &alarm);
        if (e != ERR_OK)
            break;
    }
    store_reset(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_other_keys(struct store *store, const char *thing,
    const char *key_sha256, int64_t *count)
{
    sqlite3_stmt *s = store_statement(store, SQL_OTHER_KEYS);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    store_bind_text(s, 2, key_sha256);
    e = store_row(store, s);
    if (e == ERR_OK)
        *count = sqlite3_column_int64(s, 0);
    store_reset(s);
    return e;
}

enum err store_same_key(struct store *store, const char *key_sha256,
    const char *thing, char other[TOPIC_THING_SIZE])
{
    sqlite3_stmt *s = store_statement(store, SQL_SAME_KEY);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, key_sha256);
    store_bind_text(s, 2, thing);
    e = store_row(store, s);
    if (e == ERR_OK)
        store_text(s, 0, other, TOPIC_THING_SIZE);
    store_reset(s);
    return e;
}
