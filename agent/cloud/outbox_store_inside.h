/* outbox_store_inside.h - what outbox_store.c and outbox_store_open.c share. */

#ifndef CLOUD_OUTBOX_STORE_INSIDE_H
#define CLOUD_OUTBOX_STORE_INSIDE_H

#include <sqlite3.h>
#include <stddef.h>

#include "cloud/outbox_sql.h"
#include "cloud/outbox_store.h"

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    APPEND,
    FIND,
    FIND_BACK,
    WEIGH,
    DELETE,
    KEEP,
    STREAM,
    NEW_STREAM,
    KEEP_STREAM,
    COUNT_STREAMS,
    STATEMENTS
};

struct outbox_store {
    struct outbox_sql sql;
    sqlite3_stmt *statements[STATEMENTS];
    unsigned char *loan;
    size_t loan_size;
    uint64_t streams_from; /* outbox_state.h */
};

enum err outbox_store_prepare(struct outbox_store *store) MUST_CHECK;

#endif
