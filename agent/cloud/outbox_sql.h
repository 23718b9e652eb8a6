/* outbox_sql.h - a SQLite connection to an outbox's file, its errors translated
 * and logged: once until `complained` is cleared. */

#ifndef CLOUD_OUTBOX_SQL_H
#define CLOUD_OUTBOX_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct outbox_sql {
    sqlite3 *db;
    bool corrupt; /* SQLite met what cannot be */
    bool misfit;  /* a statement does not suit the tables */
    bool complained;
};

/* Open the file (there already) in WAL mode, durable at each commit, for this
 * process alone.  ERR_AGAIN: another one has it.  Also on failure `db` is to be
 * closed by the caller (NULL is fine). */
enum err outbox_sql_connect(
    const char *path, const char *vfs, struct outbox_sql *s) MUST_CHECK;

/* Log the last error of `what`; ERR_NO_MEMORY, ERR_AGAIN or ERR_IO. */
enum err outbox_sql_failed(struct outbox_sql *s, const char *what);

/* Run statements without rows; `what` names them in the log. */
enum err outbox_sql_execute(
    struct outbox_sql *s, const char *what, const char *text) MUST_CHECK;

/* The first row's columns as whole numbers. */
enum err outbox_sql_numbers(struct outbox_sql *s, const char *text,
    int64_t *numbers, int count) MUST_CHECK;

/* Look at the whole file, or at what a quarter of a second lets see of it: the
 * rest is met when it is read.  What is wrong is logged. */
enum err outbox_sql_check(struct outbox_sql *s) MUST_CHECK;

#endif
