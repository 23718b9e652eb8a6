/* outbox_recover.h - an outbox's file after a sudden end: what is looked at and
 * put right before it is used.  Reasons are logged. */

#ifndef CLOUD_OUTBOX_RECOVER_H
#define CLOUD_OUTBOX_RECOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/outbox_sql.h"
#include "cloud/outbox_state.h"
#include "core/err.h"

struct outbox_recovery {
    bool cut_short; /* a kill, a power cut */
    bool damaged;
    uint64_t skip; /* numbers that may have been given already */
};

/* Before SQLite opens the file. */
enum err outbox_recover_look(
    const char *path, struct outbox_recovery *out) MUST_CHECK;

/* Behind outbox_schema_read: check the whole file, let the numbers of *state
 * and of all streams skip, and empty the WAL, so that what was torn does not
 * stand there the next time.  `corrupt` in `s`: it cannot be used. */
enum err outbox_recover_settle(struct outbox_sql *s,
    const struct outbox_recovery *recovery,
    struct outbox_state *state) MUST_CHECK;

#endif
