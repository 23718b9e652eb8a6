/* store.c - opening the file, and the three ways to speak SQL. */

#include "cloudd/store.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "cloudd/store_sql.h"
#include "core/log.h"

/* Each step makes the file of the version before into its own. */
static const char *const steps[] = {
    "CREATE TABLE users(name TEXT PRIMARY KEY, hash TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE sessions(digest TEXT PRIMARY KEY, user TEXT NOT NULL"
    " REFERENCES users(name) ON DELETE CASCADE, began INTEGER NOT NULL,"
    " seen INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE history(id INTEGER PRIMARY KEY, thing TEXT NOT NULL,"
    " ts INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT, text TEXT NOT NULL,"
    " detail TEXT);"
    "CREATE INDEX history_by_thing ON history(thing, ts);"
    "CREATE TABLE series(id INTEGER PRIMARY KEY, thing TEXT NOT NULL,"
    " stream TEXT NOT NULL, key TEXT NOT NULL, last REAL NOT NULL,"
    " ts INTEGER NOT NULL, UNIQUE(thing, stream, key));"
    "CREATE TABLE points(series INTEGER NOT NULL REFERENCES series(id)"
    " ON DELETE CASCADE, ts INTEGER NOT NULL, value REAL NOT NULL,"
    " PRIMARY KEY(series, ts)) WITHOUT ROWID;"
    "PRAGMA user_version=1;",

    /* Who was there before roles came was made by add-user. */
    "ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';"
    "CREATE TABLE keys(key TEXT PRIMARY KEY, user TEXT NOT NULL"
    " REFERENCES users(name) ON DELETE CASCADE, name TEXT NOT NULL,"
    " added INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE INDEX keys_by_user ON keys(user);"
    "CREATE TABLE ownership(thing TEXT PRIMARY KEY, epoch INTEGER NOT NULL,"
    " envelope TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE roles(thing TEXT NOT NULL, key TEXT NOT NULL,"
    " role INTEGER NOT NULL, PRIMARY KEY(thing, key)) WITHOUT ROWID;"
    "CREATE INDEX roles_by_key ON roles(key);"
    "CREATE TABLE labels(user TEXT NOT NULL REFERENCES users(name)"
    " ON DELETE CASCADE, thing TEXT NOT NULL, name TEXT, room TEXT,"
    " PRIMARY KEY(user, thing)) WITHOUT ROWID;"
    "CREATE TABLE alerts(id INTEGER PRIMARY KEY, thing TEXT NOT NULL,"
    " ts INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL,"
    " over INTEGER);"
    "CREATE INDEX alerts_by_thing ON alerts(thing, kind);"
    "CREATE TABLE dismissed(user TEXT NOT NULL REFERENCES users(name)"
    " ON DELETE CASCADE, alert INTEGER NOT NULL REFERENCES alerts(id)"
    " ON DELETE CASCADE, PRIMARY KEY(user, alert)) WITHOUT ROWID;"
    "CREATE TABLE offers(thing TEXT PRIMARY KEY, envelope TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE kept(name TEXT PRIMARY KEY, value TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "PRAGMA user_version=2;",

    "CREATE TABLE hooks(user TEXT PRIMARY KEY REFERENCES users(name)"
    " ON DELETE CASCADE, url TEXT NOT NULL, secret TEXT NOT NULL,"
    " tried INTEGER, fault TEXT, again INTEGER NOT NULL DEFAULT 0)"
    " WITHOUT ROWID;"
    "PRAGMA user_version=3;",
};
#define SCHEMA_VERSION ((int64_t)(sizeof(steps) / sizeof(steps[0])))

static enum err failed(struct store *store, const char *what)
{
    log_error("store", "%s failed: code=%d %s", what,
        sqlite3_extended_errcode(store->db), sqlite3_errmsg(store->db));
    return ERR_IO;
}

static enum err run(struct store *store, const char *sql)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return failed(store, "SQL");
    return ERR_OK;
}

static enum err version(struct store *store, int64_t *out)
{
    sqlite3_stmt *s;
    enum err e = store_ask(store, &s, "PRAGMA user_version", "");

    if (e == ERR_OK)
        e = store_step(store, s);
    if (e == ERR_OK)
        *out = sqlite3_column_int64(s, 0);
    (void)sqlite3_finalize(s);
    return e;
}

static enum err make_tables(struct store *store, const char *path)
{
    int64_t have = 0;
    enum err e = run(store, "BEGIN IMMEDIATE");

    if (e != ERR_OK)
        return e;
    e = version(store, &have);
    if (e == ERR_OK && have > SCHEMA_VERSION) {
        log_error("store", "%s was made by a newer cloudd: version=%d", path,
            (int)have);
        e = ERR_UNSUPPORTED;
    }
    for (; e == ERR_OK && have < SCHEMA_VERSION; have++)
        e = run(store, steps[have]);
    if (e == ERR_OK)
        return run(store, "COMMIT");
    (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return e;
}

/* SQLite would make the file readable by others; it holds password hashes. */
static enum err make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0) {
        log_error("store",
            "cannot open %s: expected a file we may write "
            "in a folder that exists",
            path);
        return ERR_IO;
    }
    (void)close(fd);
    return ERR_OK;
}

enum err store_open(const char *path, struct store **out)
{
    struct store *store = calloc(1, sizeof(*store));
    enum err e;

    if (store == NULL)
        return ERR_NO_MEMORY;
    e = make_private(path);
    if (e != ERR_OK)
        goto close;
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE, NULL) !=
        SQLITE_OK) {
        e = failed(store, "opening the state file");
        goto close;
    }
    (void)sqlite3_busy_timeout(store->db, 2000);
    e = run(store,
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA foreign_keys=ON;");
    if (e == ERR_OK)
        e = make_tables(store, path);
    if (e != ERR_OK)
        goto close;
    *out = store;
    return ERR_OK;

close:
    store_close(store);
    return e;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    (void)sqlite3_close(store->db);
    free(store);
}

static int bind(sqlite3_stmt *s, const char *types, va_list list)
{
    int code = SQLITE_OK;

    for (int i = 0; types[i] != '\0' && code == SQLITE_OK; i++) {
        if (types[i] == 't')
            code = sqlite3_bind_text(
                s, i + 1, va_arg(list, const char *), -1, SQLITE_STATIC);
        else if (types[i] == 'i')
            code = sqlite3_bind_int64(s, i + 1, va_arg(list, int64_t));
        else
            code = sqlite3_bind_double(s, i + 1, va_arg(list, double));
    }
    return code;
}

static enum err ask(struct store *store, sqlite3_stmt **out, const char *sql,
    const char *types, va_list list)
{
    if (sqlite3_prepare_v2(store->db, sql, -1, out, NULL) != SQLITE_OK)
        return failed(store, "SQL");
    if (bind(*out, types, list) == SQLITE_OK)
        return ERR_OK;
    (void)sqlite3_finalize(*out);
    *out = NULL;
    return failed(store, "SQL");
}

enum err store_ask(struct store *store, sqlite3_stmt **out, const char *sql,
    const char *types, ...)
{
    va_list list;
    enum err e;

    va_start(list, types);
    e = ask(store, out, sql, types, list);
    va_end(list);
    return e;
}

enum err store_step(struct store *store, sqlite3_stmt *statement)
{
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return ERR_OK;
    case SQLITE_DONE:
        return ERR_NOT_FOUND;
    default:
        return failed(store, "SQL");
    }
}

enum err store_do(struct store *store, const char *sql, const char *types, ...)
{
    sqlite3_stmt *s = NULL;
    va_list list;
    enum err e;

    va_start(list, types);
    e = ask(store, &s, sql, types, list);
    va_end(list);
    while (e == ERR_OK)
        e = store_step(store, s);
    (void)sqlite3_finalize(s);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
