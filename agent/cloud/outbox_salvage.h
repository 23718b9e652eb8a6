/* outbox_salvage.h - what can still be read in a file that was set aside. */

#ifndef CLOUD_OUTBOX_SALVAGE_H
#define CLOUD_OUTBOX_SALVAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/outbox_state.h"
#include "cloud/outbox_store.h"
#include "cloud/outbox_wear.h"

struct outbox_salvage_options {
    const char *aside; /* the file */
    struct outbox_wear *wear;
    /* Is the message acknowledged already?  NULL: none is. */
    bool (*is_gone)(void *context, uint64_t id);
    void *context;
};

/* Move the messages that the file lets us read into `store`, a new one,
 * as long as a start may take.  They keep their ids and their order, and have
 * no stream any more: its numbers went with the file.  *state counted them as
 * lost and does no longer.  The messages in front of the first damaged page and
 * those behind the last one are found; behind a damaged WAL the pages may not
 * belong together, and only messages that lie in one page are believed.  Some
 * may have been sent already.  It is logged; when it fails, nothing is moved.
 */
void outbox_salvage(const struct outbox_salvage_options *options,
    struct outbox_store *store, struct outbox_state *state);

#endif
