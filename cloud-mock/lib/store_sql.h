/* store_sql.h - what the files of the store share: prepared statements. */

#ifndef CLOUD_MOCK_STORE_SQL_H
#define CLOUD_MOCK_STORE_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum store_sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_ADD_THING,
    SQL_ADD_CERTIFICATE,
    SQL_GET_THING,
    SQL_GET_CERTIFICATE,
    SQL_SET_STATUS,
    SQL_SAW_CERTIFICATE,
    SQL_EACH_THING,
    SQL_EACH_CERTIFICATE,
    SQL_GET_SHADOW,
    SQL_PUT_SHADOW,
    SQL_GET_PRESENCE,
    SQL_PUT_PRESENCE,
    SQL_ALL_GONE,
    SQL_ADD_ISSUANCE,
    SQL_GET_ISSUANCE,
    SQL_GET_TOKEN,
    SQL_OVERDUE_TOKEN,
    SQL_USE_TOKEN,
    SQL_GIVE_CERTIFICATE,
    SQL_DROP_ISSUANCE,
    SQL_DROP_CERTIFICATE,
    SQL_REVOKE_ISSUANCE,
    SQL_EACH_REVOKED,
    SQL_OTHER_KEYS,
    SQL_SAME_KEY,
    SQL_PUT_ALARM,
    SQL_GET_ALARM,
    SQL_EACH_ALARM,
    SQL_ADD_JOB,
    SQL_GET_JOB,
    SQL_DROP_JOB,
    SQL_EACH_JOB,
    SQL_ADD_EXECUTION,
    SQL_SET_EXECUTION,
    SQL_GET_EXECUTION,
    SQL_DROP_EXECUTION,
    SQL_DROP_EXECUTIONS,
    SQL_EACH_EXECUTION,
    SQL_EACH_PENDING,
    SQL_OVERDUE_EXECUTION,
    SQL_NEXT_DUE,
    SQL_COUNT
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
};

/* The statement, ready to be bound; lent.  NULL: it could not be prepared. */
sqlite3_stmt *store_statement(struct store *store, enum store_sql which);

/* Step a statement that gives no rows; it is reset. */
enum err store_run(struct store *store, sqlite3_stmt *statement) MUST_CHECK;

/* Run a statement without parameters: SQL_BEGIN and the like. */
enum err store_simply(struct store *store, enum store_sql which) MUST_CHECK;
/* Commit when `e` is ERR_OK, else roll back; gives what became of it. */
enum err store_end(struct store *store, enum err e) MUST_CHECK;

/* The next row, or ERR_NOT_FOUND; after anything but ERR_OK, and when done
 * with the row, call store_reset. */
enum err store_row(struct store *store, sqlite3_stmt *statement) MUST_CHECK;
void store_reset(sqlite3_stmt *statement);

/* Bind from 1, read from 0; text is borrowed until the reset, and what is too
 * long for `text` is cut. */
void store_bind_text(sqlite3_stmt *statement, int index, const char *text);
void store_bind_number(sqlite3_stmt *statement, int index, int64_t number);
void store_text(sqlite3_stmt *statement, int column, char *text, size_t size);

/* ERR_IO, said once in the log with SQLite's words. */
enum err store_failed(struct store *store, const char *what);

#endif
