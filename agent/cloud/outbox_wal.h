/* outbox_wal.h - is what a sudden end left in SQLite's WAL whole?
 *
 * SQLite takes a WAL up to its first frame that does not fit, and is silent
 * about what stands behind it (https://www.sqlite.org/walformat.html).  A power
 * cut may tear the last group, which was not told to be stored then; but a
 * group that another one follows was synced, and so was what was checkpointed.
 */

#ifndef CLOUD_OUTBOX_WAL_H
#define CLOUD_OUTBOX_WAL_H

#include <stdint.h>

#include "core/err.h"

enum outbox_wal {
    OUTBOX_WAL_WHOLE,  /* or there is none */
    OUTBOX_WAL_TORN,   /* the last group, or what once stood there */
    OUTBOX_WAL_DAMAGED /* something that was synced */
};

/* Look at "<path>-wal" before SQLite does.  *torn_bytes: how much of it stands
 * behind the last sound frame.  ERR_IO: it cannot be read (logged),
 * ERR_NO_MEMORY. */
enum err outbox_wal_judge(const char *path, enum outbox_wal *verdict,
    uint64_t *torn_bytes) MUST_CHECK;

#endif
