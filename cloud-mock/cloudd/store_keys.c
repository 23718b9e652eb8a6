/* store_keys.c */

#include "cloudd/store_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"
#include "cloudd/store_sql.h"

enum err store_key_user(
    struct store *store, const char *key, char user[STORE_USER_SIZE])
{
    sqlite3_stmt *s = NULL;
    enum err e =
        store_ask(store, &s, "SELECT user FROM keys WHERE key=?1", "t", key);

    if (e == ERR_OK)
        e = store_step(store, s);
    if (e == ERR_OK)
        (void)snprintf(user, STORE_USER_SIZE, "%s",
            (const char *)sqlite3_column_text(s, 0));
    (void)sqlite3_finalize(s);
    return e;
}

static int64_t count_keys(struct store *store, const char *user)
{
    sqlite3_stmt *s = NULL;
    int64_t count = STORE_KEYS_MOST;

    if (store_ask(store, &s, "SELECT count(*) FROM keys WHERE user=?1", "t",
            user) == ERR_OK &&
        store_step(store, s) == ERR_OK)
        count = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return count;
}

enum err store_key_put(struct store *store, const struct store_key *key)
{
    char user[STORE_USER_SIZE];
    enum err e = store_key_user(store, key->key, user);

    if (e == ERR_OK && strcmp(user, key->user) != 0)
        return ERR_EXISTS;
    if (e == ERR_NOT_FOUND && count_keys(store, key->user) >= STORE_KEYS_MOST)
        return ERR_TOO_BIG;
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    return store_do(store,
        "INSERT INTO keys(key, user, name, added) VALUES(?1, ?2, ?3, ?4)"
        " ON CONFLICT(key) DO UPDATE SET name=excluded.name",
        "ttti", key->key, key->user, key->name, key->added_ms);
}

enum err store_key_remove(
    struct store *store, const char *user, const char *key)
{
    enum err e = store_do(
        store, "DELETE FROM keys WHERE key=?1 AND user=?2", "tt", key, user);

    if (e == ERR_OK && sqlite3_changes(store->db) == 0)
        return ERR_NOT_FOUND;
    return e;
}

static struct json *key_json(sqlite3_stmt *s)
{
    struct json *o = json_new_object();

    return fields_end(o,
        fields_text(o, "key", (const char *)sqlite3_column_text(s, 0)) &&
            fields_text(o, "name", (const char *)sqlite3_column_text(s, 1)) &&
            fields_number(o, "added", (double)sqlite3_column_int64(s, 2)));
}

enum err store_keys_list(
    struct store *store, const char *user, struct json **out)
{
    struct json *list = json_new_array();
    sqlite3_stmt *s = NULL;
    enum err e = list == NULL
        ? ERR_NO_MEMORY
        : store_ask(store, &s,
              "SELECT key, name, added FROM keys WHERE user=?1 ORDER BY added",
              "t", user);

    while (e == ERR_OK) {
        e = store_step(store, s);
        if (e == ERR_OK)
            e = json_append(list, key_json(s));
    }
    (void)sqlite3_finalize(s);
    if (e != ERR_NOT_FOUND) {
        json_free(list);
        return e;
    }
    *out = list;
    return ERR_OK;
}

/* --- ownership ------------------------------------------------------------ */

struct putting {
    struct store *store;
    const char *thing;
    enum err e;
};

static void put_role(void *context, const char *key, enum role role)
{
    struct putting *p = context;

    if (p->e == ERR_OK)
        p->e = store_do(p->store,
            "INSERT INTO roles(thing, key, role) VALUES(?1, ?2, ?3)", "tti",
            p->thing, key, (int64_t)role);
}

static enum err put_all(struct store *store, const char *thing,
    const char *text, const struct record *record)
{
    struct putting p = {store, thing, ERR_OK};

    p.e = store_do(store,
        "INSERT INTO ownership(thing, epoch, envelope) VALUES(?1, ?2, ?3)"
        " ON CONFLICT(thing) DO UPDATE SET epoch=excluded.epoch,"
        " envelope=excluded.envelope",
        "tit", thing, record_epoch(record), text);
    if (p.e == ERR_OK)
        p.e = store_do(store, "DELETE FROM roles WHERE thing=?1", "t", thing);
    if (p.e == ERR_OK)
        record_each(record, put_role, &p);
    return p.e;
}

enum err store_ownership_put(struct store *store, const char *thing,
    const struct json *envelope, const struct record *record)
{
    char *text = json_print(envelope);
    enum err e =
        text == NULL ? ERR_NO_MEMORY : store_do(store, "BEGIN IMMEDIATE", "");

    if (e == ERR_OK) {
        e = put_all(store, thing, text, record);
        if (e == ERR_OK)
            e = store_do(store, "COMMIT", "");
        if (e != ERR_OK)
            (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    }
    free(text);
    return e;
}

enum err store_offer_put(
    struct store *store, const char *thing, const struct json *envelope)
{
    char *text = envelope != NULL ? json_print(envelope) : NULL;
    enum err e;

    if (envelope == NULL)
        return store_do(store, "DELETE FROM offers WHERE thing=?1", "t", thing);
    if (text == NULL)
        return ERR_NO_MEMORY;
    e = store_do(store,
        "INSERT INTO offers(thing, envelope) VALUES(?1, ?2)"
        " ON CONFLICT(thing) DO UPDATE SET envelope=excluded.envelope",
        "tt", thing, text);
    free(text);
    return e;
}

static enum err get_envelope(
    struct store *store, const char *sql, const char *thing, struct json **out)
{
    sqlite3_stmt *s = NULL;
    enum err e = store_ask(store, &s, sql, "t", thing);

    if (e == ERR_OK)
        e = store_step(store, s);
    if (e == ERR_OK) {
        const char *text = (const char *)sqlite3_column_text(s, 0);

        e = json_parse(text, strlen(text), (struct json_limits){65536, 4}, out);
    }
    (void)sqlite3_finalize(s);
    return e;
}

enum err store_ownership_get(
    struct store *store, const char *thing, struct json **out)
{
    return get_envelope(
        store, "SELECT envelope FROM ownership WHERE thing=?1", thing, out);
}

enum err store_offer_get(
    struct store *store, const char *thing, struct json **out)
{
    return get_envelope(
        store, "SELECT envelope FROM offers WHERE thing=?1", thing, out);
}

enum role store_role(struct store *store, const char *user, const char *thing)
{
    sqlite3_stmt *s = NULL;
    int role = ROLE_NONE;

    if (store_ask(store, &s,
            "SELECT max(role) FROM roles JOIN keys USING(key)"
            " WHERE thing=?1 AND user=?2",
            "tt", thing, user) == ERR_OK &&
        store_step(store, s) == ERR_OK)
        role = sqlite3_column_int(s, 0);
    (void)sqlite3_finalize(s);
    return role >= ROLE_VIEWER && role <= ROLE_OWNER ? (enum role)role
                                                     : ROLE_NONE;
}

void store_role_each(struct store *store, const char *thing, enum role least,
    store_account_callback *callback, void *context)
{
    sqlite3_stmt *s = NULL;

    if (store_ask(store, &s,
            "SELECT DISTINCT user FROM roles JOIN keys USING(key)"
            " WHERE thing=?1 AND role>=?2",
            "ti", thing, (int64_t)least) == ERR_OK) {
        while (store_step(store, s) == ERR_OK)
            callback(context, (const char *)sqlite3_column_text(s, 0));
    }
    (void)sqlite3_finalize(s);
}
