/* store_issuance.c */

#include "cloud-mock/lib/store_issuance.h"

#include "cloud-mock/lib/store_sql.h"

static enum err add(struct store *store, const struct store_issuance *issuance)
{
    sqlite3_stmt *s = store_statement(store, SQL_ADD_ISSUANCE);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, issuance->id);
    store_bind_text(s, 2, issuance->serial);
    store_bind_text(s, 3, issuance->method);
    store_bind_text(s, 4, issuance->requester);
    store_bind_number(s, 5, issuance->issued_ms);
    store_bind_text(s, 6, issuance->token);
    store_bind_number(s, 7, issuance->token_until_ms);
    store_bind_number(s, 8, issuance->revoked_ms);
    store_bind_number(s, 9, issuance->reason);
    store_bind_text(s, 10, issuance->pem);
    return store_run(store, s);
}

static void read_row(sqlite3_stmt *s, struct store_issuance *out)
{
    store_text(s, 0, out->id, sizeof(out->id));
    store_text(s, 1, out->serial, sizeof(out->serial));
    store_text(s, 2, out->method, sizeof(out->method));
    store_text(s, 3, out->requester, sizeof(out->requester));
    out->issued_ms = sqlite3_column_int64(s, 4);
    store_text(s, 5, out->token, sizeof(out->token));
    out->token_until_ms = sqlite3_column_int64(s, 6);
    out->revoked_ms = sqlite3_column_int64(s, 7);
    out->reason = sqlite3_column_int64(s, 8);
    store_text(s, 9, out->pem, sizeof(out->pem));
}

/* The only row of a statement that is bound; NULL: it was not prepared. */
static enum err only(
    struct store *store, sqlite3_stmt *s, struct store_issuance *out)
{
    enum err e = store_row(store, s);

    if (e == ERR_OK)
        read_row(s, out);
    store_reset(s);
    return e;
}

static enum err get_by_text(struct store *store, enum store_sql which,
    const char *text, struct store_issuance *out)
{
    sqlite3_stmt *s = store_statement(store, which);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, text);
    return only(store, s, out);
}

enum err store_issue(struct store *store, const struct store_thing *thing,
    const struct store_certificate *certificate,
    const struct store_issuance *issuance)
{
    enum err e = store_simply(store, SQL_BEGIN);

    if (e != ERR_OK)
        return e;
    if (thing != NULL)
        e = store_add_thing(store, thing);
    if (e == ERR_OK)
        e = store_add_certificate(store, certificate);
    if (e == ERR_OK)
        e = add(store, issuance);
    return store_end(store, e);
}

enum err store_get_issuance(
    struct store *store, const char *id, struct store_issuance *out)
{
    return get_by_text(store, SQL_GET_ISSUANCE, id, out);
}

enum err store_get_token(
    struct store *store, const char *token, struct store_issuance *out)
{
    return get_by_text(store, SQL_GET_TOKEN, token, out);
}

enum err store_overdue_token(
    struct store *store, int64_t now_ms, struct store_issuance *out)
{
    sqlite3_stmt *s = store_statement(store, SQL_OVERDUE_TOKEN);

    if (s == NULL)
        return ERR_IO;
    store_bind_number(s, 1, now_ms);
    return only(store, s, out);
}

static enum err with_id(
    struct store *store, enum store_sql which, const char *id)
{
    sqlite3_stmt *s = store_statement(store, which);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, id);
    return store_run(store, s);
}

static enum err give(struct store *store, const char *id, const char *thing)
{
    sqlite3_stmt *s = store_statement(store, SQL_GIVE_CERTIFICATE);

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, id);
    store_bind_text(s, 2, thing);
    store_bind_text(s, 3, "ACTIVE");
    return store_run(store, s);
}

enum err store_activate(
    struct store *store, const char *id, const struct store_thing *thing)
{
    enum err e = store_simply(store, SQL_BEGIN);

    if (e != ERR_OK)
        return e;
    e = store_add_thing(store, thing);
    if (e == ERR_OK)
        e = give(store, id, thing->name);
    if (e == ERR_OK)
        e = with_id(store, SQL_USE_TOKEN, id);
    return store_end(store, e);
}

enum err store_drop_issuance(struct store *store, const char *id)
{
    enum err e = store_simply(store, SQL_BEGIN);

    if (e != ERR_OK)
        return e;
    e = with_id(store, SQL_DROP_ISSUANCE, id);
    if (e == ERR_OK)
        e = with_id(store, SQL_DROP_CERTIFICATE, id);
    return store_end(store, e);
}

enum err store_revoke_issuance(
    struct store *store, const char *id, int64_t now_ms, int64_t reason)
{
    sqlite3_stmt *s = store_statement(store, SQL_REVOKE_ISSUANCE);
    enum err e;

    if (s == NULL)
        return ERR_IO;
    store_bind_text(s, 1, id);
    store_bind_number(s, 2, now_ms);
    store_bind_number(s, 3, reason);
    e = store_run(store, s);
    if (e == ERR_OK && sqlite3_changes(store->db) == 0)
        e = ERR_NOT_FOUND;
    return e;
}

enum err store_each_revoked(
    struct store *store, store_issuance_visitor *visit, void *context)
{
    sqlite3_stmt *s = store_statement(store, SQL_EACH_REVOKED);
    struct store_issuance issuance;
    enum err e;

    if (s == NULL)
        return ERR_IO;
    while ((e = store_row(store, s)) == ERR_OK) {
        read_row(s, &issuance);
        e = visit(context, &issuance);
        if (e != ERR_OK)
            break;
    }
    store_reset(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
