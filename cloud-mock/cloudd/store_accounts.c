/* store_accounts.c */

#include "cloudd/store_accounts.h"

#include <stdio.h>
#include <string.h>

#include "cloudd/store_sql.h"

static enum err check_name(const char *name)
{
    size_t len = strspn(name,
        "abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-");

    return len == 0 || len >= STORE_USER_SIZE || name[len] != '\0' ? ERR_INVALID
                                                                   : ERR_OK;
}

enum err store_user_put(struct store *store, const char *name, const char *hash)
{
    enum err e = check_name(name);

    if (e == ERR_OK)
        e = store_do(store,
            "INSERT INTO users(name, hash) VALUES(?1, ?2)"
            " ON CONFLICT(name) DO UPDATE SET hash=excluded.hash",
            "tt", name, hash);
    if (e == ERR_OK)
        e = store_do(store, "DELETE FROM sessions WHERE user=?1", "t", name);
    return e;
}

static int64_t count(struct store *store, const char *sql, const char *name)
{
    sqlite3_stmt *s = NULL;
    int64_t found = -1;

    if (store_ask(store, &s, sql, "t", name) == ERR_OK &&
        store_step(store, s) == ERR_OK)
        found = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return found;
}

enum err store_user_add(struct store *store, const char *name, const char *hash)
{
    enum err e = check_name(name);
    int64_t there =
        count(store, "SELECT count(*) FROM users WHERE ?1<>''", "x");
    int64_t same = count(
        store, "SELECT count(*) FROM users WHERE lower(name)=lower(?1)", name);

    if (e != ERR_OK)
        return e;
    if (there < 0 || same < 0)
        return ERR_IO;
    if (same > 0)
        return ERR_EXISTS;
    if (there >= STORE_USERS_MOST)
        return ERR_TOO_BIG;
    return store_do(store,
        "INSERT INTO users(name, hash, role) VALUES(?1, ?2, 'user')", "tt",
        name, hash);
}

bool store_user_is_admin(struct store *store, const char *name)
{
    return count(store,
               "SELECT count(*) FROM users WHERE name=?1 AND role='admin'",
               name) > 0;
}

/* The first column of the first row, as text. */
static enum err take_text(
    struct store *store, sqlite3_stmt *s, char *out, size_t size)
{
    enum err e = store_step(store, s);

    if (e == ERR_OK)
        (void)snprintf(
            out, size, "%s", (const char *)sqlite3_column_text(s, 0));
    return e;
}

enum err store_user_hash(
    struct store *store, const char *name, char hash[PASSWORD_HASH_SIZE])
{
    sqlite3_stmt *s = NULL;
    enum err e =
        store_ask(store, &s, "SELECT hash FROM users WHERE name=?1", "t", name);

    if (e == ERR_OK)
        e = take_text(store, s, hash, PASSWORD_HASH_SIZE);
    (void)sqlite3_finalize(s);
    return e;
}

enum err store_session_put(
    struct store *store, const char *digest, const char *user, int64_t now_ms)
{
    return store_do(store,
        "INSERT INTO sessions(digest, user, began, seen)"
        " VALUES(?1, ?2, ?3, ?3)",
        "tti", digest, user, now_ms);
}

enum err store_session_use(struct store *store, const char *digest,
    int64_t now_ms, struct store_session_limits limits,
    char user[STORE_USER_SIZE])
{
    sqlite3_stmt *s = NULL;
    enum err e =
        store_do(store, "DELETE FROM sessions WHERE seen<=?1 OR began<=?2",
            "ii", now_ms - limits.idle_ms, now_ms - limits.whole_ms);

    /* Written at most once a minute: reading must not cost a write each. */
    if (e == ERR_OK)
        e = store_do(store,
            "UPDATE sessions SET seen=?2 WHERE digest=?1 AND seen<?2-60000",
            "ti", digest, now_ms);
    if (e == ERR_OK)
        e = store_ask(store, &s, "SELECT user FROM sessions WHERE digest=?1",
            "t", digest);
    if (e == ERR_OK)
        e = take_text(store, s, user, STORE_USER_SIZE);
    (void)sqlite3_finalize(s);
    return e;
}

enum err store_session_end(struct store *store, const char *digest)
{
    return store_do(store, "DELETE FROM sessions WHERE digest=?1", "t", digest);
}
