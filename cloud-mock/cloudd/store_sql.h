/* store_sql.h - how the store_*.c files speak SQL; nobody else includes it. */

#ifndef CLOUDD_STORE_SQL_H
#define CLOUDD_STORE_SQL_H

#include <sqlite3.h>

#include "cloudd/store.h"
#include "core/err.h"

struct store {
    sqlite3 *db;
};

/* Prepare and bind, one letter of `types` for each argument: t text (NULL is
 * NULL, lent until the statement is finalized), i int64_t, d double.  A
 * failure is logged and leaves *out NULL. */
enum err store_ask(struct store *store, sqlite3_stmt **out, const char *sql,
    const char *types, ...) MUST_CHECK;

/* ERR_OK: a row; ERR_NOT_FOUND: no more; ERR_IO, logged. */
enum err store_step(struct store *store, sqlite3_stmt *statement) MUST_CHECK;

/* Ask, run to the end, finalize. */
enum err store_do(
    struct store *store, const char *sql, const char *types, ...) MUST_CHECK;

#endif
