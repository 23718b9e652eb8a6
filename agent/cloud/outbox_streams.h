/* outbox_streams.h - the numbers of messages in their streams.
 *
 * A few streams are remembered; the others are looked up in the file.  What
 * was numbered since the last flush is void when the group failed. */

#ifndef CLOUD_OUTBOX_STREAMS_H
#define CLOUD_OUTBOX_STREAMS_H

#include <stdint.h>

#include "cloud/outbox_store.h"
#include "core/err.h"

#define OUTBOX_STREAMS 16 /* remembered */

struct outbox_streams;

struct outbox_streams *outbox_streams_new(void);
void outbox_streams_free(struct outbox_streams *streams); /* NULL is fine */

/* May there be a stream of this name?  ERR_EXISTS: the others are too many. */
enum err outbox_streams_admit(struct outbox_streams *streams,
    struct outbox_store *store, const char *name) MUST_CHECK;

/* The next `seq` of a stream, and its number in the file.  ERR_IO,
 * ERR_NO_MEMORY: the transaction is spoilt. */
enum err outbox_streams_next(struct outbox_streams *streams,
    struct outbox_store *store, const char *name, uint64_t *number,
    uint64_t *seq) MUST_CHECK;

/* Write what was given; the commit makes it durable. */
enum err outbox_streams_flush(
    struct outbox_streams *streams, struct outbox_store *store) MUST_CHECK;

/* The group failed, or there is another file. */
void outbox_streams_forget(struct outbox_streams *streams);

#endif
