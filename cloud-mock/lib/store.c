/* store.c - opening, the tables, the statements. */

#include "cloud-mock/lib/store.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cloud-mock/lib/store_sql.h"
#include "core/log.h"

static const char tables[] =
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"
    "CREATE TABLE IF NOT EXISTS thing(name TEXT PRIMARY KEY, type TEXT,"
    " vendor TEXT, model TEXT, serial TEXT, registered_ms INTEGER)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS certificate(id TEXT PRIMARY KEY, thing TEXT,"
    " status TEXT, subject TEXT, issuer TEXT, key_sha256 TEXT, chain TEXT,"
    " not_before_s INTEGER, not_after_s INTEGER, registered_ms INTEGER,"
    " last_seen_ms INTEGER);"
    "CREATE INDEX IF NOT EXISTS certificate_thing ON certificate(thing);"
    "CREATE TABLE IF NOT EXISTS shadow(thing TEXT, name TEXT,"
    " version INTEGER, deleted_ms INTEGER, state TEXT, metadata TEXT,"
    " PRIMARY KEY(thing, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS presence(client TEXT PRIMARY KEY,"
    " connected INTEGER, since_ms INTEGER, version INTEGER, session TEXT,"
    " certificate TEXT, ip TEXT, reason TEXT) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS issuance(id TEXT PRIMARY KEY, serial TEXT,"
    " method TEXT, requester TEXT, issued_ms INTEGER, token TEXT,"
    " token_until_ms INTEGER, revoked_ms INTEGER, reason INTEGER,"
    " pem TEXT)"
    " WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS issuance_token ON issuance(token);"
    "CREATE INDEX IF NOT EXISTS certificate_key ON certificate(key_sha256);"
    "CREATE TABLE IF NOT EXISTS alarm(thing TEXT, ts_ms INTEGER, kind TEXT,"
    " text TEXT, count INTEGER, PRIMARY KEY(thing, kind)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS job(id TEXT PRIMARY KEY, document TEXT,"
    " created_ms INTEGER);"
    "CREATE TABLE IF NOT EXISTS execution(sequence INTEGER PRIMARY KEY,"
    " thing TEXT, job TEXT, status TEXT, details TEXT, version INTEGER,"
    " queued_ms INTEGER, started_ms INTEGER, updated_ms INTEGER,"
    " due_ms INTEGER, UNIQUE(thing, job));"
    "CREATE INDEX IF NOT EXISTS execution_job ON execution(job);"
    "CREATE INDEX IF NOT EXISTS execution_due ON execution(due_ms);";

static const char all_gone[] = "UPDATE presence"
                               " SET connected=0,since_ms=?1,reason=?2"
                               " WHERE connected";

/* Certificates of this thing that nobody here issued, with another key. */
static const char other_keys[] =
    "SELECT count(*) FROM certificate WHERE thing=?1 AND key_sha256<>?2"
    " AND id NOT IN (SELECT id FROM issuance)";

static const char same_key[] =
    "SELECT thing FROM certificate"
    " WHERE key_sha256=? AND thing<>? AND thing<>'' LIMIT 1";

static const char overdue_token[] =
    "SELECT * FROM issuance WHERE token<>'' AND token_until_ms<=? LIMIT 1";

static const char revoke_issuance[] =
    "UPDATE issuance SET revoked_ms=?2,reason=?3 WHERE id=?1 AND revoked_ms=0";

static const char set_execution[] =
    "UPDATE execution SET status=?3,details=?4,version=?5,started_ms=?6,"
    "updated_ms=?7,due_ms=?8 WHERE thing=?1 AND job=?2";

/* The order of the list: contract section 3.4. */
static const char each_pending[] =
    "SELECT * FROM execution WHERE thing=?1"
    " AND status IN ('QUEUED','IN_PROGRESS')"
    " ORDER BY status='QUEUED',queued_ms,sequence LIMIT ?2";

static const char overdue_execution[] =
    "SELECT * FROM execution WHERE due_ms>0 AND due_ms<=?"
    " ORDER BY due_ms LIMIT 1";

static const char put_alarm[] =
    "INSERT INTO alarm VALUES(?,?,?,?,1) ON CONFLICT(thing,kind) DO UPDATE SET"
    " ts_ms=excluded.ts_ms, text=excluded.text, count=count+1";

static const char *const sql[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_ADD_THING] = "INSERT OR IGNORE INTO thing VALUES(?,?,?,?,?,?)",
    [SQL_ADD_CERTIFICATE] =
        "INSERT INTO certificate VALUES(?,?,?,?,?,?,?,?,?,?,?)",
    [SQL_GET_THING] = "SELECT * FROM thing WHERE name=?",
    [SQL_GET_CERTIFICATE] = "SELECT * FROM certificate WHERE id=?",
    [SQL_SET_STATUS] = "UPDATE certificate SET status=?2 WHERE id=?1",
    [SQL_SAW_CERTIFICATE] =
        "UPDATE certificate SET last_seen_ms=?2 WHERE id=?1",
    [SQL_EACH_THING] = "SELECT * FROM thing ORDER BY name",
    [SQL_EACH_CERTIFICATE] =
        "SELECT * FROM certificate WHERE thing=? ORDER BY rowid",
    [SQL_GET_SHADOW] = "SELECT * FROM shadow WHERE thing=? AND name=?",
    [SQL_PUT_SHADOW] = "INSERT OR REPLACE INTO shadow VALUES(?,?,?,?,?,?)",
    [SQL_GET_PRESENCE] = "SELECT * FROM presence WHERE client=?",
    [SQL_PUT_PRESENCE] =
        "INSERT OR REPLACE INTO presence VALUES(?,?,?,?,?,?,?,?)",
    [SQL_ALL_GONE] = all_gone,
    [SQL_ADD_ISSUANCE] = "INSERT INTO issuance VALUES(?,?,?,?,?,?,?,?,?,?)",
    [SQL_GET_ISSUANCE] = "SELECT * FROM issuance WHERE id=?",
    [SQL_GET_TOKEN] = "SELECT * FROM issuance WHERE token=? AND token<>''",
    [SQL_OVERDUE_TOKEN] = overdue_token,
    [SQL_USE_TOKEN] = "UPDATE issuance SET token='' WHERE id=?",
    [SQL_GIVE_CERTIFICATE] =
        "UPDATE certificate SET thing=?2,status=?3 WHERE id=?1",
    [SQL_DROP_ISSUANCE] = "DELETE FROM issuance WHERE id=?",
    [SQL_DROP_CERTIFICATE] = "DELETE FROM certificate WHERE id=?",
    [SQL_REVOKE_ISSUANCE] = revoke_issuance,
    [SQL_EACH_REVOKED] =
        "SELECT * FROM issuance WHERE revoked_ms>0 ORDER BY revoked_ms",
    [SQL_OTHER_KEYS] = other_keys,
    [SQL_SAME_KEY] = same_key,
    [SQL_PUT_ALARM] = put_alarm,
    [SQL_GET_ALARM] = "SELECT * FROM alarm WHERE thing=? AND kind=?",
    [SQL_EACH_ALARM] = "SELECT * FROM alarm WHERE thing=? ORDER BY ts_ms",
    [SQL_ADD_JOB] = "INSERT INTO job VALUES(?,?,?)",
    [SQL_GET_JOB] = "SELECT * FROM job WHERE id=?",
    [SQL_DROP_JOB] = "DELETE FROM job WHERE id=?",
    [SQL_EACH_JOB] = "SELECT * FROM job ORDER BY rowid",
    [SQL_ADD_EXECUTION] =
        "INSERT INTO execution VALUES(NULL,?,?,?,?,?,?,?,?,?)",
    [SQL_SET_EXECUTION] = set_execution,
    [SQL_GET_EXECUTION] = "SELECT * FROM execution WHERE thing=? AND job=?",
    [SQL_DROP_EXECUTION] = "DELETE FROM execution WHERE thing=? AND job=?",
    [SQL_DROP_EXECUTIONS] = "DELETE FROM execution WHERE job=?",
    [SQL_EACH_EXECUTION] =
        "SELECT * FROM execution WHERE job=? ORDER BY sequence",
    [SQL_EACH_PENDING] = each_pending,
    [SQL_OVERDUE_EXECUTION] = overdue_execution,
    [SQL_NEXT_DUE] = "SELECT min(due_ms) FROM execution WHERE due_ms>0",
};

enum err store_failed(struct store *store, const char *what)
{
    log_error("store", "%s failed sqlite=%d reason=\"%s\"", what,
        sqlite3_extended_errcode(store->db), sqlite3_errmsg(store->db));
    return ERR_IO;
}

/* Nobody else reads along: SQLite gives the files beside it the same mode. */
static void make_private(const char *path)
{
    int fd = path[0] == ':' ? -1 : open(path, O_CREAT | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
}

enum err store_open(const char *path, struct store **out)
{
    struct store *store = calloc(1, sizeof(*store));

    if (store == NULL)
        return ERR_NO_MEMORY;
    make_private(path);
    if (sqlite3_open(path, &store->db) != SQLITE_OK ||
        sqlite3_exec(store->db, tables, NULL, NULL, NULL) != SQLITE_OK) {
        log_error("store", "cannot open database=\"%s\" reason=\"%s\"", path,
            sqlite3_errmsg(store->db));
        store_close(store);
        return ERR_IO;
    }
    *out = store;
    return ERR_OK;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    free(store);
}

sqlite3_stmt *store_statement(struct store *store, enum store_sql which)
{
    sqlite3_stmt **statement = &store->statements[which];

    if (*statement == NULL &&
        sqlite3_prepare_v3(store->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
            statement, NULL) != SQLITE_OK)
        (void)store_failed(store, "prepare");
    return *statement;
}

enum err store_run(struct store *store, sqlite3_stmt *statement)
{
    enum err e = store_row(store, statement);

    store_reset(statement);
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

enum err store_row(struct store *store, sqlite3_stmt *statement)
{
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return ERR_OK;
    case SQLITE_DONE:
        return ERR_NOT_FOUND;
    default:
        return store_failed(store, "step");
    }
}

enum err store_simply(struct store *store, enum store_sql which)
{
    sqlite3_stmt *s = store_statement(store, which);

    return s == NULL ? ERR_IO : store_run(store, s);
}

enum err store_end(struct store *store, enum err e)
{
    if (e == ERR_OK)
        e = store_simply(store, SQL_COMMIT);
    if (e != ERR_OK && store_simply(store, SQL_ROLLBACK) != ERR_OK)
        (void)store_failed(store, "rollback");
    return e;
}

void store_reset(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

void store_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    (void)sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

void store_bind_number(sqlite3_stmt *statement, int index, int64_t number)
{
    (void)sqlite3_bind_int64(statement, index, number);
}

void store_text(sqlite3_stmt *statement, int column, char *text, size_t size)
{
    const unsigned char *value = sqlite3_column_text(statement, column);

    snprintf(text, size, "%s", value == NULL ? "" : (const char *)value);
}
