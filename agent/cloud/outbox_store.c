/* outbox_store.c - what is written and read; opening is in outbox_store_open.c.
 */

#include "cloud/outbox_store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/outbox_schema.h"
#include "cloud/outbox_sql.h"
#include "cloud/outbox_store_inside.h"
#include "core/log.h"

#define MODULE     "outbox"
#define LOAN_BYTES (16 * 1024) /* a larger loan is given back when it ends */

#define MESSAGE                                                                \
    "SELECT id, retain, topic, payload, seq, put_ms FROM message"              \
    " WHERE id BETWEEN ?1 AND ?2 ORDER BY id "

#define WEIGHT                                                                 \
    "SELECT count(*), CAST(total(length(CAST(topic AS BLOB)) +"                \
    " length(payload)) AS INTEGER) FROM message WHERE id BETWEEN ?1 AND ?2"
#define COUNTED_STREAMS                                                        \
    "SELECT count(*), 0 FROM tally WHERE id >= 256"                            \
    " AND substr(name, 1, 1) != '$'"
#define ANOTHER_STREAM                                                         \
    "INSERT INTO tally (id, name, next) VALUES"                                \
    " (max(256, (SELECT max(id) + 1 FROM tally)), ?1, ?2)"

static const char *const texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [APPEND] = "INSERT INTO message VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [FIND] = MESSAGE "LIMIT 1",
    [FIND_BACK] = MESSAGE "DESC LIMIT 1",
    [WEIGH] = WEIGHT,
    [DELETE] = "DELETE FROM message WHERE id BETWEEN ?1 AND ?2",
    [KEEP] = OUTBOX_SCHEMA_KEEP,
    [STREAM] = "SELECT id, next FROM tally WHERE id >= 256 AND name = ?1",
    [NEW_STREAM] = ANOTHER_STREAM,
    [COUNT_STREAMS] = COUNTED_STREAMS,
    [KEEP_STREAM] = "UPDATE tally SET next = ?2 WHERE id = ?1",
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

enum err outbox_store_prepare(struct outbox_store *s)
{
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v3(s->sql.db, texts[i], -1,
                SQLITE_PREPARE_PERSISTENT, &s->statements[i],
                NULL) != SQLITE_OK)
            return outbox_sql_failed(&s->sql, texts[i]);
    return ERR_OK;
}

void outbox_store_close(struct outbox_store *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        (void)sqlite3_finalize(s->statements[i]);
    if (s->sql.corrupt) /* set it aside as it is */
        (void)sqlite3_db_config(
            s->sql.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    if (sqlite3_close(s->sql.db) != SQLITE_OK)
        (void)outbox_sql_failed(&s->sql, "close");
    free(s->loan);
    free(s);
}

static enum err begin(struct outbox_store *s)
{
    return sqlite3_get_autocommit(s->sql.db) ? run(s, BEGIN) : ERR_OK;
}

static void bind_number(sqlite3_stmt *statement, int at, uint64_t number)
{
    (void)sqlite3_bind_int64(statement, at, (sqlite3_int64)number);
}

enum err outbox_store_append(
    struct outbox_store *s, const struct outbox_kept *kept, uint64_t stream)
{
    const struct outbox_message *m = &kept->message;
    sqlite3_stmt *append = s->statements[APPEND];
    enum err e = begin(s);

    if (e != ERR_OK)
        return e;
    bind_number(append, 1, m->id);
    bind_number(append, 2, m->retain);
    bind_number(append, 5, stream);
    bind_number(append, 6, m->seq);
    (void)sqlite3_bind_int64(append, 7, kept->put_ms);
    if (sqlite3_bind_text(append, 3, m->topic, -1, SQLITE_STATIC) !=
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
    bind_number(s->statements[DELETE], 1, first);
    bind_number(s->statements[DELETE], 2, last);
    return run(s, DELETE);
}

static enum err keep(struct outbox_store *s, int id, const char *name,
    const int64_t row[OUTBOX_ROW_NUMBERS])
{
    sqlite3_stmt *statement = s->statements[KEEP];

    (void)sqlite3_bind_int(statement, 1, id);
    (void)sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
    for (int i = 0; i < OUTBOX_ROW_NUMBERS; i++)
        (void)sqlite3_bind_int64(statement, 3 + i, row[i]);
    return run(s, KEEP);
}

enum err outbox_store_commit(
    struct outbox_store *s, const struct outbox_state *state, unsigned classes)
{
    int64_t row[OUTBOX_ROW_NUMBERS];
    enum err e = begin(s);

    outbox_schema_state_row(state, row);
    if (e == ERR_OK)
        e = keep(s, OUTBOX_ROW_STATE, state->name, row);
    for (int i = 0; i < OUTBOX_CLASSES && e == ERR_OK; i++) {
        if ((classes >> i & 1) == 0)
            continue;
        outbox_schema_class_row(&state->classes[i], row);
        e = keep(s, OUTBOX_ROW_CLASS + i, state->classes[i].name, row);
    }
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
static enum err lend_row(
    struct outbox_store *s, sqlite3_stmt *find, struct outbox_kept *out)
{
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
    out->put_ms = sqlite3_column_int64(find, 5);
    out->message = (struct outbox_message){
        .id = (uint64_t)sqlite3_column_int64(find, 0),
        .retain = sqlite3_column_int(find, 1) != 0,
        .topic = (const char *)loan,
        .payload = loan + topic_len + 1,
        .len = len,
        .seq = (uint64_t)sqlite3_column_int64(find, 4),
    };
    return ERR_OK;
}

static enum err find(struct outbox_store *s, sqlite3_stmt *statement,
    const uint64_t range[2], struct outbox_kept *out)
{
    enum err e;
    int code;

    bind_number(statement, 1, range[0]);
    bind_number(statement, 2, range[1]);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        e = lend_row(s, statement, out);
    else
        e = code == SQLITE_DONE ? ERR_NOT_FOUND
                                : outbox_sql_failed(&s->sql, "reading");
    (void)sqlite3_reset(statement);
    return e;
}

enum err outbox_store_find(struct outbox_store *s, uint64_t first,
    uint64_t last, struct outbox_kept *out)
{
    return find(s, s->statements[FIND], (const uint64_t[]){first, last}, out);
}

enum err outbox_store_find_back(struct outbox_store *s, uint64_t first,
    uint64_t last, struct outbox_kept *out)
{
    return find(
        s, s->statements[FIND_BACK], (const uint64_t[]){first, last}, out);
}

/* Two numbers of a statement's one row; ERR_NOT_FOUND: it has none. */
static enum err ask(
    struct outbox_store *s, enum statement which, uint64_t *a, uint64_t *b)
{
    sqlite3_stmt *statement = s->statements[which];
    int code = sqlite3_step(statement);
    enum err e = ERR_NOT_FOUND;

    if (code == SQLITE_ROW) {
        *a = (uint64_t)sqlite3_column_int64(statement, 0);
        *b = (uint64_t)sqlite3_column_int64(statement, 1);
        e = ERR_OK;
    } else if (code != SQLITE_DONE) {
        e = outbox_sql_failed(&s->sql, texts[which]);
    }
    (void)sqlite3_reset(statement);
    return e;
}

enum err outbox_store_weigh(struct outbox_store *s, uint64_t first,
    uint64_t last, struct outbox_load *out)
{
    bind_number(s->statements[WEIGH], 1, first);
    bind_number(s->statements[WEIGH], 2, last);
    return ask(s, WEIGH, &out->messages, &out->bytes);
}

enum err outbox_store_admit_stream(struct outbox_store *s, const char *name)
{
    uint64_t count = 0, unused;
    enum err e;

    (void)sqlite3_bind_text(
        s->statements[STREAM], 1, name, -1, SQLITE_TRANSIENT);
    e = ask(s, STREAM, &count, &unused);
    if (e != ERR_NOT_FOUND)
        return e;
    e = ask(s, COUNT_STREAMS, &count, &unused);
    return e == ERR_OK && count >= OUTBOX_STREAMS_MOST ? ERR_EXISTS : e;
}

enum err outbox_store_stream(
    struct outbox_store *s, const char *name, uint64_t *number, uint64_t *seq)
{
    enum err e;

    (void)sqlite3_bind_text(
        s->statements[STREAM], 1, name, -1, SQLITE_TRANSIENT);
    e = ask(s, STREAM, number, seq);
    if (e != ERR_NOT_FOUND)
        return e;
    e = begin(s);
    if (e != ERR_OK)
        return e;
    (void)sqlite3_bind_text(
        s->statements[NEW_STREAM], 1, name, -1, SQLITE_TRANSIENT);
    bind_number(s->statements[NEW_STREAM], 2, s->streams_from);
    e = run(s, NEW_STREAM);
    *number = (uint64_t)sqlite3_last_insert_rowid(s->sql.db);
    *seq = s->streams_from;
    return e;
}

enum err outbox_store_keep_stream(
    struct outbox_store *s, uint64_t number, uint64_t seq)
{
    enum err e = begin(s);

    if (e != ERR_OK)
        return e;
    bind_number(s->statements[KEEP_STREAM], 1, number);
    bind_number(s->statements[KEEP_STREAM], 2, seq);
    return run(s, KEEP_STREAM);
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
