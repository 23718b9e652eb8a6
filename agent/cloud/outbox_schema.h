/* outbox_schema.h - the tables of an outbox's file, and what is kept in them
 * beside the messages.  Reasons are logged. */

#ifndef CLOUD_OUTBOX_SCHEMA_H
#define CLOUD_OUTBOX_SCHEMA_H

#include "cloud/outbox_sql.h"
#include "cloud/outbox_store.h"
#include "core/err.h"

/* Rows of the table `tally`. */
#define OUTBOX_ROW_STATE  0
#define OUTBOX_ROW_CLASS  1   /* and those behind it: the class's number + 1 */
#define OUTBOX_ROW_STREAM 256 /* and all behind it */

/* Tables of our format: there, made, or made of those of the format before,
 * which loses nothing.  ERR_IO with `corrupt`: they are something else. */
enum err outbox_schema_settle(
    struct outbox_sql *s, const struct outbox_state *state) MUST_CHECK;

enum err outbox_schema_read(
    struct outbox_sql *s, struct outbox_state *state) MUST_CHECK;

/* A row of the table `tally`, to be bound to
 * OUTBOX_SCHEMA_KEEP in this order behind id and name. */
#define OUTBOX_ROW_NUMBERS 10
#define OUTBOX_SCHEMA_KEEP                                                     \
    "INSERT INTO tally VALUES"                                                 \
    " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"                     \
    " ON CONFLICT (id) DO UPDATE SET name = ?2, next = ?3, a = ?4, b = ?5,"    \
    " c = ?6, d = ?7, e = ?8, f = ?9, g = ?10, h = ?11, i = ?12"
void outbox_schema_state_row(
    const struct outbox_state *state, int64_t row[OUTBOX_ROW_NUMBERS]);
void outbox_schema_class_row(
    const struct outbox_tally *tally, int64_t row[OUTBOX_ROW_NUMBERS]);

#endif
