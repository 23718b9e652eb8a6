/* outbox.h - messages on disk, waiting for the cloud to acknowledge them.
 *
 * A first-in, first-out queue in SQLite (WAL, synchronous=FULL).  Messages are
 * put in groups: a put is durable after the next outbox_commit, and only then
 * may anybody be told that it is stored.  Beside the database lie its WAL and a
 * reserve of 1 MB, with which messages can be forgotten on a full disk; while
 * it has no room, puts are refused.  Not thread-safe: the loop owns it. */

#ifndef CLOUD_OUTBOX_H
#define CLOUD_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct outbox;

struct outbox_options {
    const char *path; /* the database; made when missing, mode 0600 */
    uint64_t limit_messages;
    uint64_t limit_bytes; /* topics and payloads */
};

/* A message to store (borrowed), or on loan until the next call. */
struct outbox_message {
    uint64_t id; /* grows, never reused, also across restarts; 0 in a put */
    const char *topic;
    const void *payload;
    size_t len;
    bool retain;
};

struct outbox_figures {
    uint64_t queued;       /* messages on disk or put */
    uint64_t queued_bytes; /* topics and payloads */
    uint64_t dropped;      /* oldest ones, to make room; since the file began */
};

/* Open or make.  A file that is not a sound database is set aside under
 * "<path>.corrupt-<wall ms>" (the latest one is kept), logged, and a new one
 * begun; what it is known to have held counts as dropped.  ERR_AGAIN: another
 * process has it open; ERR_IO: it cannot be used, e.g. the folder is not
 * writable; ERR_NO_MEMORY.  The reason is logged. */
enum err outbox_open(
    const struct outbox_options *options, struct outbox **out) MUST_CHECK;
void outbox_close(struct outbox *ob); /* commits; NULL is fine */

/* The id the next put will get: the `seq` of a message's payload.  A new file
 * begins at the wall clock's milliseconds, so that ids grow also when a file
 * was lost, and a receiver does not take new messages for old ones. */
uint64_t outbox_next_id(const struct outbox *ob);

/* Append.  When full, the oldest messages that are not in flight make room.
 * ERR_TOO_BIG: it could never fit; ERR_AGAIN: what is in flight leaves no room
 * now; nothing changed.  ERR_IO, ERR_NO_MEMORY: the disk refused, so the commit
 * of this group will fail, and until then every put. */
enum err outbox_put(struct outbox *ob, const struct outbox_message *message,
    uint64_t *id) MUST_CHECK;

/* Make every put and forget since the last commit durable: one fsync for all.
 * ERR_IO: none of the puts is stored and their ids are void (say so to whom
 * they came from); what was stored before still is, what was forgotten stays
 * forgotten and is deleted with a later commit. */
enum err outbox_commit(struct outbox *ob) MUST_CHECK;
/* False after a commit, also a failed one: trying again at once helps nobody.
 */
bool outbox_needs_commit(const struct outbox *ob);

/* Lend the oldest committed message with an id above `after` and mark it in
 * flight; false when there is none. */
bool outbox_take(struct outbox *ob, uint64_t after, struct outbox_message *out);

/* The cloud has message `id`: forget it with the next commit.  Harmless when
 * it is already gone. */
void outbox_forget(struct outbox *ob, uint64_t id);

/* The connection is gone: nothing is in flight any more. */
void outbox_rewind(struct outbox *ob);

struct outbox_figures outbox_figures(const struct outbox *ob);

#endif
