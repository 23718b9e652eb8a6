/* outbox_schema.c - one table, `tally`, holds the state, the classes and the
 * streams, so that a commit touches one page for all of them.  Its columns
 * after `next` mean what the functions below say. */

#include "cloud/outbox_schema.h"

#include <stdio.h>
#include <string.h>

#include "cloud/outbox_page.h"
#include "core/log.h"

#define MODULE "outbox"
/* user_version */
#define FORMAT OUTBOX_PAGE_FORMAT
#define PLAIN  2 /* the same without seals, made of BEFORE */
#define BEFORE 1 /* of version 0.1: one queue, no streams */

#define TALLY                                                                  \
    "CREATE TABLE tally (id INTEGER PRIMARY KEY, name TEXT NOT NULL,"          \
    " next INTEGER NOT NULL, a INTEGER, b INTEGER, c INTEGER, d INTEGER,"      \
    " e INTEGER, f INTEGER, g INTEGER, h INTEGER, i INTEGER);"                 \
    "CREATE UNIQUE INDEX stream ON tally (name) WHERE id >= 256;"

void outbox_schema_state_row(
    const struct outbox_state *state, int64_t row[OUTBOX_ROW_NUMBERS])
{
    const int64_t numbers[OUTBOX_ROW_NUMBERS] = {(int64_t)state->next_id,
        state->clock.now_ms, state->clock.ahead_ms, (int64_t)state->written,
        (int64_t)state->written_today, state->day, (int64_t)state->set_aside,
        (int64_t)state->streams_from};

    memcpy(row, numbers, sizeof(numbers));
}

void outbox_schema_class_row(
    const struct outbox_tally *t, int64_t row[OUTBOX_ROW_NUMBERS])
{
    row[0] = (int64_t)t->next;
    row[1] = (int64_t)t->load.messages;
    row[2] = (int64_t)t->load.bytes;
    row[3] = (int64_t)t->refused;
    row[4] = (int64_t)t->thin_at;
    for (int i = 0; i < OUTBOX_DROPS; i++)
        row[5 + i] = (int64_t)t->dropped[i];
}

/* False: no agent wrote this. */
static bool read_state_row(sqlite3_stmt *row, struct outbox_state *state)
{
    const char *name = (const char *)sqlite3_column_text(row, 1);

    if (name == NULL || sqlite3_column_int64(row, 2) < 1 ||
        sqlite3_column_int64(row, 2) >> OUTBOX_CLASS_SHIFT != 0 ||
        sqlite3_column_int64(row, 9) < 0)
        return false;
    (void)snprintf(state->name, sizeof(state->name), "%s", name);
    state->next_id = (uint64_t)sqlite3_column_int64(row, 2);
    state->clock.now_ms = sqlite3_column_int64(row, 3);
    state->clock.ahead_ms = sqlite3_column_int64(row, 4);
    state->written = (uint64_t)sqlite3_column_int64(row, 5);
    state->written_today = (uint64_t)sqlite3_column_int64(row, 6);
    state->day = sqlite3_column_int64(row, 7);
    state->set_aside = (uint64_t)sqlite3_column_int64(row, 8);
    state->streams_from = (uint64_t)sqlite3_column_int64(row, 9);
    return true;
}

static bool read_class_row(sqlite3_stmt *row, struct outbox_tally *t)
{
    const char *name = (const char *)sqlite3_column_text(row, 1);

    if (name == NULL)
        return false;
    for (int i = 2; i < 2 + OUTBOX_ROW_NUMBERS; i++)
        if (sqlite3_column_int64(row, i) < 0)
            return false;
    if (sqlite3_column_int64(row, 2) >> OUTBOX_CLASS_SHIFT != 0)
        return false;
    (void)snprintf(t->name, sizeof(t->name), "%s", name);
    t->next = (uint64_t)sqlite3_column_int64(row, 2);
    t->load.messages = (uint64_t)sqlite3_column_int64(row, 3);
    t->load.bytes = (uint64_t)sqlite3_column_int64(row, 4);
    t->refused = (uint64_t)sqlite3_column_int64(row, 5);
    t->thin_at = (uint64_t)sqlite3_column_int64(row, 6);
    for (int i = 0; i < OUTBOX_DROPS; i++)
        t->dropped[i] = (uint64_t)sqlite3_column_int64(row, 7 + i);
    return true;
}

enum err outbox_schema_read(struct outbox_sql *s, struct outbox_state *state)
{
    static const char text[] = "SELECT * FROM tally WHERE id < 256 ORDER BY id";
    sqlite3_stmt *row;
    bool sound = true, has_state = false;
    enum err e = ERR_OK;
    int code;

    if (sqlite3_prepare_v2(s->db, text, -1, &row, NULL) != SQLITE_OK)
        return outbox_sql_failed(s, text);
    memset(state->classes, 0, sizeof(state->classes));
    while ((code = sqlite3_step(row)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(row, 0);

        if (id == OUTBOX_ROW_STATE)
            sound &= has_state = read_state_row(row, state);
        else if (id >= OUTBOX_ROW_CLASS && id <= OUTBOX_CLASSES)
            sound &= read_class_row(row, &state->classes[id - 1]);
        else
            sound = false;
    }
    if (code != SQLITE_DONE) {
        e = outbox_sql_failed(s, text);
    } else if (!sound || !has_state) {
        log_error(MODULE, "the file's counters cannot be");
        s->corrupt = true;
        e = ERR_IO;
    }
    (void)sqlite3_finalize(row);
    return e;
}

static enum err execute(struct outbox_sql *s, const char *what, char *text)
{
    enum err e =
        text == NULL ? ERR_NO_MEMORY : outbox_sql_execute(s, what, text);

    sqlite3_free(text);
    return e;
}

/* Rows of classes come with the first commit. */
static enum err make_tables(
    struct outbox_sql *s, const struct outbox_state *state)
{
    return execute(s, "making the tables",
        sqlite3_mprintf("BEGIN IMMEDIATE;"
                        "CREATE TABLE message (id INTEGER PRIMARY KEY,"
                        " retain INTEGER NOT NULL, topic TEXT NOT NULL,"
                        " payload BLOB NOT NULL, stream INTEGER NOT NULL,"
                        " seq INTEGER NOT NULL, put_ms INTEGER NOT NULL);" TALLY
                        "INSERT INTO tally VALUES (0, %Q, %lld, %lld, %lld,"
                        " %lld, 0, 0, %lld, 0, 0, 0);"
                        "PRAGMA user_version = %d;"
                        "COMMIT",
            state->name, (long long)state->next_id,
            (long long)state->clock.now_ms, (long long)state->clock.ahead_ms,
            (long long)state->written, (long long)state->set_aside, FORMAT));
}

/* What version 0.1 left: all of it becomes events, put now, of no stream.  Its
 * counters may be wrong after a sudden end, so the messages are counted. */
static enum err convert(struct outbox_sql *s, const struct outbox_state *state)
{
    enum err e = execute(s, "converting the file",
        sqlite3_mprintf(
            "BEGIN IMMEDIATE;"
            "ALTER TABLE message ADD COLUMN stream INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE message ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE message ADD COLUMN put_ms INTEGER NOT NULL"
            " DEFAULT %lld;" TALLY
            "INSERT INTO tally SELECT 0, %Q, next_id, %lld, %lld, 0, 0, 0, 0,"
            " 0, 0, 0 FROM state;"
            "INSERT INTO tally SELECT 1, "
            "'" OUTBOX_EVENT "'"
            ", next_id,"
            " (SELECT count(*) FROM message), (SELECT CAST(total("
            "length(CAST(topic AS BLOB)) + length(payload)) AS INTEGER)"
            " FROM message), 0, 0, dropped, 0, 0, 0, 0 FROM state;"
            "DROP TABLE state;"
            "PRAGMA user_version = %d;"
            "COMMIT",
            (long long)state->clock.now_ms, state->name,
            (long long)state->clock.now_ms, (long long)state->clock.ahead_ms,
            PLAIN));

    if (e == ERR_OK)
        log_info(MODULE, "converted the file from=%d to=%d", BEFORE, PLAIN);
    else if (!sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return e;
}

enum err outbox_schema_settle(
    struct outbox_sql *s, const struct outbox_state *state)
{
    int64_t n[2];
    enum err e = outbox_sql_numbers(s,
        "SELECT user_version, (SELECT count(*) FROM sqlite_schema)"
        " FROM pragma_user_version",
        n, 2);

    if (e != ERR_OK || n[0] == FORMAT || n[0] == PLAIN)
        return e;
    if (n[0] == 0 && n[1] == 0)
        return make_tables(s, state);
    if (n[0] == BEFORE)
        return convert(s, state);
    log_error(MODULE, "the file has another format found=%d expected=%d",
        (int)n[0], FORMAT);
    s->corrupt = true;
    return ERR_IO;
}
