/* outbox_sql.c - the connection holds the file exclusively: a second agent is
 * told so at once, and no shared-memory file is needed. */

#include "cloud/outbox_sql.h"

#include <stdlib.h>
#include <string.h>

#include "cloud/outbox_page.h"
#include "cloud/outbox_wear.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE  "outbox"
#define BUSY_MS 2000 /* an agent that is just ending */
#define LOOK_MS 250  /* at a file after a sudden end */

enum err outbox_sql_failed(struct outbox_sql *s, const char *what)
{
    int code = sqlite3_extended_errcode(s->db);

    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        s->corrupt = true;
    s->misfit |= code == SQLITE_ERROR;
    if (!s->complained)
        log_error(MODULE, "%s failed code=%d reason=\"%s\"", what, code,
            sqlite3_errmsg(s->db));
    s->complained = true;
    if ((code & 0xff) == SQLITE_NOMEM)
        return ERR_NO_MEMORY;
    return (code & 0xff) == SQLITE_BUSY ? ERR_AGAIN : ERR_IO;
}

enum err outbox_sql_connect(
    const char *path, const char *vfs, struct outbox_sql *s)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    int seal = OUTBOX_PAGE_SEAL;

    if (sqlite3_open_v2(path, &s->db, flags, vfs) != SQLITE_OK)
        return s->db == NULL ? ERR_NO_MEMORY : outbox_sql_failed(s, "open");
    /* Of a new file; one that is there has what it has. */
    if (sqlite3_file_control(s->db, NULL, SQLITE_FCNTL_RESERVE_BYTES, &seal) !=
        SQLITE_OK)
        return outbox_sql_failed(s, "making room for seals");
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
static int code_in(const char *verdict)
{
    static const char words[] = "error code=";
    const char *code = strstr(verdict, words);

    return code == NULL ? SQLITE_CORRUPT
                        : (int)(strtol(code + strlen(words), NULL, 10) & 0xff);
}

static enum err be_content(void)
{
    log_info(MODULE,
        "the file is large; what was not checked is checked when"
        " it is read");
    return ERR_OK;
}

static enum err judge(struct outbox_sql *s, const char *verdict)
{
    if (verdict == NULL)
        return ERR_NO_MEMORY;
    if (strcmp(verdict, "ok") == 0)
        return ERR_OK;
    s->corrupt = code_in(verdict) == SQLITE_CORRUPT;
    log_error(MODULE, "the file %s reason=\"%s\"",
        s->corrupt ? "is damaged" : "cannot be read", verdict);
    return code_in(verdict) == SQLITE_NOMEM ? ERR_NO_MEMORY : ERR_IO;
}

/* A look that was cut short finds pages that nobody uses; its verdict is none.
 */
enum err outbox_sql_check(struct outbox_sql *s)
{
    struct outbox_wear_look look = {
        s->db, port_monotonic_ms() + LOOK_MS, false};
    sqlite3_stmt *statement;
    enum err e;
    int code;

    if (sqlite3_prepare_v2(
            s->db, "PRAGMA quick_check(1)", -1, &statement, NULL) != SQLITE_OK)
        return outbox_sql_failed(s, "quick_check");
    (void)sqlite3_file_control(s->db, NULL, OUTBOX_WEAR_LOOK, &look);
    code = sqlite3_step(statement);
    (void)sqlite3_file_control(s->db, NULL, OUTBOX_WEAR_LOOK, NULL);
    if (look.is_cut)
        e = be_content();
    else if (code == SQLITE_ROW)
        e = judge(s, (const char *)sqlite3_column_text(statement, 0));
    else
        e = outbox_sql_failed(s, "quick_check");
    (void)sqlite3_finalize(statement);
    return e;
}
