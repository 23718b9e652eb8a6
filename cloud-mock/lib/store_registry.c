/* store_registry.c */

#include "cloud-mock/lib/store_registry.h"

#include "cloud-mock/lib/store_sql.h"

enum err store_add_thing(struct store *store, const struct store_thing *thing)
{
    sqlite3_stmt *s = store_statement(store, SQL_ADD_THING);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing->name);
    store_bind_text(s, 2, thing->type);
    store_bind_text(s, 3, thing->vendor);
    store_bind_text(s, 4, thing->model);
    store_bind_text(s, 5, thing->serial);
    store_bind_number(s, 6, thing->registered_ms);
    return store_run(store, s);
}

enum err store_add_certificate(
    struct store *store, const struct store_certificate *certificate)
{
    sqlite3_stmt *s = store_statement(store, SQL_ADD_CERTIFICATE);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, certificate->id);
    store_bind_text(s, 2, certificate->thing);
    store_bind_text(s, 3, certificate->status);
    store_bind_text(s, 4, certificate->subject);
    store_bind_text(s, 5, certificate->issuer);
    store_bind_text(s, 6, certificate->key_sha256);
    store_bind_text(s, 7, certificate->chain);
    store_bind_number(s, 8, certificate->not_before_s);
    store_bind_number(s, 9, certificate->not_after_s);
    store_bind_number(s, 10, certificate->registered_ms);
    store_bind_number(s, 11, certificate->last_seen_ms);
    return store_run(store, s);
}

enum err store_register(struct store *store, const struct store_thing *thing,
    const struct store_certificate *certificate)
{
    enum err e = store_simply(store, SQL_BEGIN);

    if (e != ERR_OK)
        return e;
    e = store_add_thing(store, thing);
    if (e == ERR_OK)
        e = store_add_certificate(store, certificate);
    return store_end(store, e);
}

static void read_thing(sqlite3_stmt *s, struct store_thing *out)
{
    store_text(s, 0, out->name, sizeof(out->name));
    store_text(s, 1, out->type, sizeof(out->type));
    store_text(s, 2, out->vendor, sizeof(out->vendor));
    store_text(s, 3, out->model, sizeof(out->model));
    store_text(s, 4, out->serial, sizeof(out->serial));
    out->registered_ms = sqlite3_column_int64(s, 5);
}

static void read_certificate(sqlite3_stmt *s, struct store_certificate *out)
{
    store_text(s, 0, out->id, sizeof(out->id));
    store_text(s, 1, out->thing, sizeof(out->thing));
    store_text(s, 2, out->status, sizeof(out->status));
    store_text(s, 3, out->subject, sizeof(out->subject));
    store_text(s, 4, out->issuer, sizeof(out->issuer));
    store_text(s, 5, out->key_sha256, sizeof(out->key_sha256));
    store_text(s, 6, out->chain, sizeof(out->chain));
    out->not_before_s = sqlite3_column_int64(s, 7);
    out->not_after_s = sqlite3_column_int64(s, 8);
    out->registered_ms = sqlite3_column_int64(s, 9);
    out->last_seen_ms = sqlite3_column_int64(s, 10);
}

enum err store_get_thing(
    struct store *store, const char *name, struct store_thing *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_GET_THING);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, name);
    e = store_row(store, s);
    if (e == ERR_OK)
        read_thing(s, out);
    store_reset(s);
    return e;
}

enum err store_get_certificate(
    struct store *store, const char *id, struct store_certificate *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_GET_CERTIFICATE);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, id);
    e = store_row(store, s);
    if (e == ERR_OK)
        read_certificate(s, out);
    store_reset(s);
    return e;
}

enum err store_set_status(
    struct store *store, const char *id, const char *status)
{
    sqlite3_stmt *s = store_statement(store, SQL_SET_STATUS);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, id);
    store_bind_text(s, 2, status);
    e = store_run(store, s);
    if (e == ERR_OK && sqlite3_changes(store->db) == 0)
        e = ERR_NOT_FOUND;
    return e;
}

enum err store_saw_certificate(
    struct store *store, const char *id, int64_t now_ms)
{
    sqlite3_stmt *s = store_statement(store, SQL_SAW_CERTIFICATE);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, id);
    store_bind_number(s, 2, now_ms);
    return store_run(store, s);
}

enum err store_each_thing(
    struct store *store, store_thing_visitor *visit, void *context)
{
    sqlite3_stmt *s = store_statement(store, SQL_EACH_THING);
    struct store_thing thing;
    enum err e;

    if (s == NULL)
        return ERR_IO;
    while ((e = store_row(store, s)) == ERR_OK) {
        read_thing(s, &thing);
        e = visit(context, &thing);
        if (e != ERR_OK)
            break;
    }
    store_reset(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_each_certificate(struct store *store, const char *thing,
    store_certificate_visitor *visit, void *context)
{
    sqlite3_stmt *s = store_statement(store, SQL_EACH_CERTIFICATE);
    struct store_certificate certificate;
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, thing);
    while ((e = store_row(store, s)) == ERR_OK) {
        read_certificate(s, &certificate);
        e = visit(context, &certificate);
        if (e != ERR_OK)
            break;
    }
    store_reset(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
