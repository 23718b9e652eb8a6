/* outbox_store.c - SQLite removes the WAL when it closes cleanly, so a WAL
 * found when opening means a kill or a power cut; only then is the whole file
 * checked and counted. */

#include "cloud/outbox_store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/outbox_file.h"
#include "cloud/outbox_sql.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE      "outbox"
#define LOAN_BYTES  (16 * 1024) /* a larger loan is given back when it ends */
#define FILE_FORMAT 1           /* user_version */

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    APPEND,
    FIND,
    DELETE,
    KEEP,
    STATEMENTS
};

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [APPEND] = "INSERT INTO message VALUES (?1, ?2, ?3, ?4)",
    [FIND] = "SELECT id, retain, topic, payload FROM message"
             " WHERE id >= ?1 ORDER BY id LIMIT 1",
    [DELETE] = "DELETE FROM message WHERE id BETWEEN ?1 AND ?2",
    [KEEP] = "UPDATE state SET next_id = ?1, queued = ?2, queued_bytes = ?3,"
             " dropped = ?4",
};

struct outbox_store {
    struct outbox_sql sql;
    sqlite3_stmt *statements[STATEMENTS];
    unsigned char *loan;
    size_t loan_size;
};

/* Run a statement that gives no rows. */
static enum err run(struct outbox_store *s, enum statement which)
{
    sqlite3_stmt *statement = s->statements[which];
    int code = sqlite3_step(statement);
    enum err e =
        code == SQLITE_DONE ? ERR_OK : outbox_sql_failed(&s->sql, texts[which]);

    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return e;
}

/* What `state` says was queued is in a file that was set aside: dropped. */
static enum err make_tables(
    struct outbox_store *s, const struct outbox_state *state)
{
    const struct outbox_figures *lost = &state->figures;
    char *text = sqlite3_mprintf(
        "BEGIN IMMEDIATE;"
        "CREATE TABLE message (id INTEGER PRIMARY KEY,"
        " retain INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL);"
        "CREATE TABLE state (next_id INTEGER, queued INTEGER,"
        " queued_bytes INTEGER, dropped INTEGER);"
        "INSERT INTO state VALUES (%lld, 0, 0, %lld);"
        "PRAGMA user_version = %d;"
        "COMMIT",
        (long long)state->next_id,
        (long long)lost->dropped + (long long)lost->queued, FILE_FORMAT);
    enum err e = text == NULL
        ? ERR_NO_MEMORY
        : outbox_sql_execute(&s->sql, "making the tables", text);

    sqlite3_free(text);
    return e;
}

static enum err read_state(struct outbox_store *s, struct outbox_state *state)
{
    int64_t n[4];
    enum err e = outbox_sql_numbers(&s->sql,
        "SELECT next_id, queued, queued_bytes, dropped FROM state", n, 4);

    if (e != ERR_OK)
        return e;
    if (n[0] < 1 || n[1] < 0 || n[2] < 0 || n[3] < 0) {
        log_error(MODULE, "the file's counters cannot be");
        s->sql.corrupt = true;
        return ERR_IO;
    }
    state->next_id = (uint64_t)n[0];
    state->figures =
        (struct outbox_figures){(uint64_t)n[1], (uint64_t)n[2], (uint64_t)n[3]};
    return ERR_OK;
}

/* What the counters say, counted: on a full disk they run ahead of what is
 * deleted, and a sudden end leaves them so. */
static enum err count_again(struct outbox_store *s, struct outbox_state *state)
{
    int64_t n[2];
    enum err e = outbox_sql_numbers(&s->sql,
        "SELECT count(*), total(length(CAST(topic AS BLOB)) + length(payload))"
        " FROM message",
        n, 2);

    if (e != ERR_OK)
        return e;
    state->figures.queued = (uint64_t)n[0];
    state->figures.queued_bytes = (uint64_t)n[1];
    return ERR_OK;
}

/* Tables of our format, or none and then they are made. */
static enum err settle_tables(
    struct outbox_store *s, const struct outbox_state *state)
{
    int64_t n[2];
    enum err e = outbox_sql_numbers(&s->sql,
        "SELECT user_version, (SELECT count(*) FROM sqlite_schema)"
        " FROM pragma_user_version",
        n, 2);

    if (e != ERR_OK || n[0] == FILE_FORMAT)
        return e;
    if (n[0] == 0 && n[1] == 0)
        return make_tables(s, state);
    log_error(MODULE, "the file has another format found=%d expected=%d",
        (int)n[0], FILE_FORMAT);
    s->sql.corrupt = true;
    return ERR_IO;
}

static enum err prepare(struct outbox_store *s)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(s->sql.db, texts[i], -1,
                SQLITE_PREPARE_PERSISTENT, &s->statements[i],
                NULL) != SQLITE_OK)
            return outbox_sql_failed(&s->sql, texts[i]);
    return ERR_OK;
}

/* Open one file as it is.  Also on failure *out may hold a store to close. */
static enum err open_as_it_is(
    const char *path, struct outbox_state *state, struct outbox_store **out)
{
    struct outbox_store *s = calloc(1, sizeof(*s));
    bool cut_short = outbox_file_was_cut_short(path);
    enum err e;

    *out = s;
    if (s == NULL)
        return ERR_NO_MEMORY;
    e = outbox_file_make(path);
    if (e == ERR_OK)
        e = outbox_sql_connect(path, &s->sql);
    if (e == ERR_OK)
        e = settle_tables(s, state);
    if (e == ERR_OK)
        e = read_state(s, state);
    if (e == ERR_OK && cut_short)
        e = outbox_sql_check(&s->sql);
    if (e == ERR_OK && cut_short)
        e = count_again(s, state);
    if (e == ERR_OK)
        e = prepare(s);
    return e;
}

/* Ids of a new file begin here, so that they grow although a file was lost. */
static uint64_t first_id(uint64_t at_least)
{
    int64_t wall_ms = port_wall_ms();
    uint64_t id = wall_ms > 0 ? (uint64_t)wall_ms : 1;

    return id > at_least ? id : at_least;
}

enum err outbox_store_open(
    const char *path, struct outbox_state *state, struct outbox_store **out)
{
    struct outbox_store *s;
    enum err e;

    state->next_id = first_id(state->next_id);
    e = open_as_it_is(path, state, &s);
    if (e != ERR_OK && s != NULL && s->sql.corrupt) {
        outbox_store_close(s);
        s = NULL;
        state->next_id = first_id(state->next_id);
        e = outbox_file_set_aside(path);
        if (e == ERR_OK)
            e = open_as_it_is(path, state, &s);
    }
    if (e != ERR_OK) {
        outbox_store_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void outbox_store_close(struct outbox_store *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(s->statements[i]);
    if (sqlite3_close(s->sql.db) != SQLITE_OK)
        (void)outbox_sql_failed(&s->sql, "close");
    free(s->loan);
    free(s);
}

static enum err begin(struct outbox_store *s)
{
    return sqlite3_get_autocommit(s->sql.db) ? run(s, BEGIN) : ERR_OK;
}

enum err outbox_store_append(
    struct outbox_store *s, const struct outbox_message *m)
{
    sqlite3_stmt *append = s->statements[APPEND];
    enum err e = begin(s);

    if (e != ERR_OK)
        return e;
    if (sqlite3_bind_int64(append, 1, (sqlite3_int64)m->id) != SQLITE_OK ||
        sqlite3_bind_int(append, 2, m->retain) != SQLITE_OK ||
        sqlite3_bind_text(append, 3, m->topic, -1, SQLITE_STATIC) !=
            SQLITE_OK ||
        sqlite3_bind_blob64(append, 4, m->len == 0 ? "" : m->payload, m->len,
            SQLITE_STATIC) != SQLITE_OK)
        return outbox_sql_failed(&s->sql, "binding a message");
    return run(s, APPEND);
}

enum err outbox_store_delete(
    struct outbox_store *s, uint64_t first, uint64_t last)
{
    enum err e = begin(s);

    if (e != ERR_OK)
        return e;
    (void)sqlite3_bind_int64(s->statements[DELETE], 1, (sqlite3_int64)first);
    (void)sqlite3_bind_int64(s->statements[DELETE], 2, (sqlite3_int64)last);
    return run(s, DELETE);
}

enum err outbox_store_commit(
    struct outbox_store *s, const struct outbox_state *state)
{
    const uint64_t n[] = {state->next_id, state->figures.queued,
        state->figures.queued_bytes, state->figures.dropped};
    enum err e = begin(s);

    for (int i = 0; i < 4; i++)
        (void)sqlite3_bind_int64(
            s->statements[KEEP], i + 1, (sqlite3_int64)n[i]);
    if (e == ERR_OK)
        e = run(s, KEEP);
    if (e == ERR_OK)
        e = run(s, COMMIT);
    if (e == ERR_OK)
        s->sql.complained = false;
    return e;
}

/* SQLite ends a transaction by itself after some errors. */
void outbox_store_cancel(struct outbox_store *s)
{
    if (!sqlite3_get_autocommit(s->sql.db))
        (void)run(s, ROLLBACK);
}

/* Copy the row, so that no read transaction stays open behind a loan. */
static enum err lend_row(struct outbox_store *s, struct outbox_message *out)
{
    sqlite3_stmt *find = s->statements[FIND];
    const void *topic = sqlite3_column_text(find, 2);
    const void *payload = sqlite3_column_blob(find, 3);
    size_t topic_len = (size_t)sqlite3_column_bytes(find, 2);
    size_t len = (size_t)sqlite3_column_bytes(find, 3);
    size_t size = topic_len + 1 + len;
    unsigned char *loan = s->loan;

    if (topic == NULL || (payload == NULL && len > 0))
        return ERR_NO_MEMORY;
    if (size > s->loan_size || s->loan_size > LOAN_BYTES) {
        loan = realloc(s->loan, size);
        if (loan == NULL)
            return ERR_NO_MEMORY;
        s->loan = loan;
        s->loan_size = size;
    }
    memcpy(loan, topic, topic_len);
    loan[topic_len] = '\0';
    if (len > 0)
        memcpy(loan + topic_len + 1, payload, len);
    *out = (struct outbox_message){
        .id = (uint64_t)sqlite3_column_int64(find, 0),
        .retain = sqlite3_column_int(find, 1) != 0,
        .topic = (const char *)loan,
        .payload = loan + topic_len + 1,
        .len = len,
    };
    return ERR_OK;
}

enum err outbox_store_find(
    struct outbox_store *s, uint64_t id, struct outbox_message *out)
{
    sqlite3_stmt *find = s->statements[FIND];
    enum err e;
    int code;

    (void)sqlite3_bind_int64(find, 1, (sqlite3_int64)id);
    code = sqlite3_step(find);
    if (code == SQLITE_ROW)
        e = lend_row(s, out);
    else
        e = code == SQLITE_DONE ? ERR_NOT_FOUND
                                : outbox_sql_failed(&s->sql, "reading");
    (void)sqlite3_reset(find);
    return e;
}

uint64_t outbox_store_free_bytes(struct outbox_store *s)
{
    int64_t n[2];

    if (outbox_sql_numbers(&s->sql,
            "SELECT freelist_count, page_size"
            " FROM pragma_freelist_count, pragma_page_size",
            n, 2) != ERR_OK ||
        n[0] < 0 || n[1] < 0)
        return 0;
    return (uint64_t)n[0] * (uint64_t)n[1];
}

void outbox_store_checkpoint(struct outbox_store *s)
{
    if (sqlite3_wal_checkpoint_v2(s->sql.db, NULL, SQLITE_CHECKPOINT_RESTART,
            NULL, NULL) != SQLITE_OK)
        log_debug(
            MODULE, "no checkpoint reason=\"%s\"", sqlite3_errmsg(s->sql.db));
}

bool outbox_store_is_corrupt(const struct outbox_store *s)
{
    return s->sql.corrupt;
}
