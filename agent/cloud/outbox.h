/* outbox.h - messages on disk, waiting for the cloud to acknowledge them.
 *
 * A queue for each class of messages (outbox_class.h), in SQLite (WAL,
 * synchronous=FULL).  Messages are put in groups: a put is durable after the
 * next outbox_commit, and only then may anybody be told that it is stored.
 * Beside the database lie its WAL and a reserve of 1 MB, with which messages
 * can be forgotten on a full disk; while it has no room, puts are refused.
 * Memory does not grow with what is queued.  Not thread-safe: the loop owns
 * it. */

#ifndef CLOUD_OUTBOX_H
#define CLOUD_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/outbox_class.h"
#include "cloud/outbox_clock.h"
#include "core/err.h"

struct outbox;

#define OUTBOX_CONFIGURED  12 /* classes, with the three built in */
#define OUTBOX_STREAM_NAME 72 /* with its NUL */
/* In one file; those of the agent itself, "$...", do not count.  None is ever
 * forgotten: its numbers go on. */
#define OUTBOX_STREAMS_MOST 1000
#define OUTBOX_STORE_NAME   9
#define OUTBOX_RETRY_MS     1000

struct outbox_options {
    const char *path; /* the database; made when missing, mode 0600 */
    uint64_t limit_messages;
    uint64_t limit_bytes; /* topics and payloads */
    /* At most OUTBOX_CONFIGURED, copied; a built-in one that is not among them
     * has its defaults. */
    const struct outbox_class *classes;
    size_t class_count;
    uint32_t commits_per_s; /* 0: 100 */
    /* To be written in a day (UTC) at most, outbox_pace.h.  0: no bound. */
    uint64_t day_bytes;
    /* The clocks; NULL: the port's. */
    struct outbox_now (*now)(void *context);
    void *context;
};

/* A message to store (borrowed), or on loan until the next call. */
struct outbox_message {
    uint64_t id; /* its own, never reused, grows in its class; 0 in a put */
    const char *topic;
    const void *payload;
    size_t len;
    const char *class;  /* NULL in a put: OUTBOX_EVENT */
    const char *stream; /* in a put: NULL: of none, and then `seq` is 0 */
    uint64_t seq;       /* in a loan: its number in its stream, from 1 */
    uint32_t expiry_s;  /* in a loan: what it has left to live; 0: for ever */
    bool retain;
    bool or_busy; /* in a put: when full refuse it and drop nothing */
};

struct outbox_class_figures {
    char name[OUTBOX_CLASS_NAME];
    uint64_t queued, queued_bytes;
    uint64_t dropped[OUTBOX_DROPS]; /* since the first file began */
    uint64_t refused; /* puts that found no room and were told so */
};

struct outbox_figures {
    uint64_t queued;       /* messages on disk or put */
    uint64_t queued_bytes; /* topics and payloads */
    uint64_t dropped;      /* for whatever reason */
    size_t class_count;
    struct outbox_class_figures classes[OUTBOX_CLASSES];
    /* What SQLite handed to the file system, and its fsyncs; what the file
     * system adds (its journal, whole flash blocks) is not in it. */
    uint64_t written, written_today, syncs;
    uint64_t day_bytes; /* that may be written in a day; 0: no bound */
    uint64_t accepted;  /* messages, since the start */
    uint64_t set_aside; /* damaged files */
    bool failing;       /* the disk refused the last commit, or the file */
};

/* Open or make.  A file that is not a sound database is set aside under
 * "<path>.corrupt-<wall ms>" (the latest one is kept), logged, and a new one
 * begun; what can be read of it is taken over (outbox_salvage.h), and what else
 * it is known to have held counts as dropped.  A file of the
 * format before is converted and keeps what it holds, as events.  A disk that
 * refuses is no reason to stay away: the outbox is `failing`, and commits try
 * again, at most every OUTBOX_RETRY_MS.  ERR_AGAIN: another process has it
 * open; ERR_IO: what stands at the path can never be it, e.g. a folder;
 * ERR_NO_MEMORY.  The reason is logged. */
enum err outbox_open(
    const struct outbox_options *options, struct outbox **out) MUST_CHECK;
void outbox_close(struct outbox *ob); /* commits; NULL is fine */

/* Names this file: its streams begin at 1, another file has another name.  Lent
 * until the next call. */
const char *outbox_store_name(const struct outbox *ob);

/* The `seq` of the next message's payload: it counts the puts of all classes.
 * A new file begins at the wall clock's milliseconds, so that it grows also
 * when a file was lost, and a receiver does not take new messages for old. */
uint64_t outbox_next_id(const struct outbox *ob);

/* Append.  When its class has no room (by share or limits), messages of it or
 * of classes with a lower priority are dropped, never what is in flight; a
 * class that drops the newest refuses instead, and counts that as a drop; so
 * does each when the day's bytes are written.
 * ERR_NOT_FOUND: no such class; ERR_INVALID: no stream's name; ERR_EXISTS: one
 * stream too many; ERR_TOO_BIG: it could never fit; ERR_AGAIN: it is full, only
 * a count changed.  ERR_IO,
 * ERR_NO_MEMORY: the disk refused, so the commit of this group will fail, and
 * until then every put. */
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
/* So much was forgotten here and there that it should not wait. */
bool outbox_commit_is_due(const struct outbox *ob);
/* Milliseconds that the next commit should wait for the flash memory's sake. */
int64_t outbox_commit_wait_ms(struct outbox *ob);

/* A connection is there: what is queued by now is a backlog. */
void outbox_begin_drain(struct outbox *ob);
/* Lend the committed message that should go next and mark it in flight; false
 * when there is none, or none may go yet. */
bool outbox_take(struct outbox *ob, struct outbox_message *out);
/* Milliseconds until a limited backlog may go on; 0: nothing waits for it. */
int64_t outbox_take_wait_ms(const struct outbox *ob);
/* So much of the line's budget is used: classes that must wait then are not
 * taken from until it is less (outbox_class_waits). */
void outbox_set_used(struct outbox *ob, unsigned used_percent);
/* What was just taken could not be sent: it is the next to go. */
void outbox_put_back(struct outbox *ob, uint64_t id);

/* The cloud has message `id`: forget it with the next commit.  Harmless when
 * it is already gone. */
void outbox_forget(struct outbox *ob, uint64_t id);
/* The cloud will never have it: as forget, and counted as dropped. */
void outbox_reject(struct outbox *ob, uint64_t id);

/* The connection is gone: nothing is in flight any more. */
void outbox_rewind(struct outbox *ob);

/* Drop some of what is over.  Milliseconds until there is more to do;
 * INT64_MAX: nothing will be. */
int64_t outbox_sweep(struct outbox *ob);

struct outbox_figures outbox_figures(const struct outbox *ob);

#endif
