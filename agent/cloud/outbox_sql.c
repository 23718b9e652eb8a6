/* outbox_sql.c - the connection holds the file exclusively: a second agent is
 * told so at once, and no shared-memory file is needed. */

#include "cloud/outbox_sql.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define MODULE  "outbox"
#define BUSY_MS 2000 /* an agent that is just ending */

enum err outbox_sql_failed(struct outbox_sql *s, const char *what)
{
    int code = sqlite3_extended_errcode(s->db);

    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        s->corrupt = true;
    if (!s->complained)
        log_error(MODULE, "%s failed code=%d reason=\"%s\"", what, code,
            sqlite3_errmsg(s->db));
    s->complained = true;
    if ((code & 0xff) == SQLITE_NOMEM)
        return ERR_NO_MEMORY;
    return (code & 0xff) == SQLITE_BUSY ? ERR_AGAIN : ERR_IO;
}

enum err outbox_sql_connect(const char *path, struct outbox_sql *s)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
        return s->db == NULL ? ERR_NO_MEMORY : outbox_sql_failed(s, "open");
    (void)sqlite3_busy_timeout(s->db, BUSY_MS);
    return outbox_sql_execute(s, "opening",
        "PRAGMA locking_mode = EXCLUSIVE;"
        "PRAGMA journal_mode = WAL;"
        "PRAGMA synchronous = FULL;"
        "PRAGMA journal_size_limit = 1048576;"
        "PRAGMA wal_autocheckpoint = 128;"
        "PRAGMA cache_size = -256;"
        "PRAGMA temp_store = MEMORY");
}

enum err outbox_sql_execute(
    struct outbox_sql *s, const char *what, const char *text)
{
    return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK
        ? ERR_OK
        : outbox_sql_failed(s, what);
}

enum err outbox_sql_numbers(
    struct outbox_sql *s, const char *text, int64_t *numbers, int count)
{
    sqlite3_stmt *statement;
    enum err e = ERR_IO;

    if (sqlite3_prepare_v2(s->db, text, -1, &statement, NULL) != SQLITE_OK)
        return outbox_sql_failed(s, text);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < count; i++)
            numbers[i] = sqlite3_column_int64(statement, i);
        e = ERR_OK;
    } else {
        e = outbox_sql_failed(s, text);
    }
    (void)sqlite3_finalize(statement);
    return e;
}

/* Is the file damaged, or could a page not be read for want of memory or for a
 * disk that fails just now?  SQLite's words are all that tells them apart. */
static bool blames_file(const char *verdict)
{
    static const char words[] = "error code=";
    const char *code = strstr(verdict, words);

    return code == NULL ||
        (strtol(code + strlen(words), NULL, 10) & 0xff) == SQLITE_CORRUPT;
}

enum err outbox_sql_check(struct outbox_sql *s)
{
    sqlite3_stmt *statement;
    const char *verdict;
    enum err e = ERR_OK;

    if (sqlite3_prepare_v2(
            s->db, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK)
        return outbox_sql_failed(s, "quick_check");
    if (sqlite3_step(statement) != SQLITE_ROW) {
        e = outbox_sql_failed(s, "quick_check");
        goto finalize;
    }
    verdict = (const char *)sqlite3_column_text(statement, 0);
    if (verdict == NULL) {
        e = ERR_NO_MEMORY;
    } else if (strcmp(verdict, "ok") != 0) {
        s->corrupt = blames_file(verdict);
        log_error(MODULE, "the file %s reason=\"%s\"",
            s->corrupt ? "is damaged" : "cannot be read", verdict);
        e = ERR_IO;
    }
finalize:
    (void)sqlite3_finalize(statement);
    return e;
}
