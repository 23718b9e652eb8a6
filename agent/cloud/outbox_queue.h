/* outbox_queue.h - the messages of one class, on disk and in memory.
 *
 * A group is what was put since the last commit: ids from `group_first` on.
 * The tally counts the group too; what it added and dropped is counted beside,
 * so that a group that fails can be taken back.  Forgotten messages stay
 * forgotten then: they wait in the ledger for the next commit.
 *
 * Going out, `ahead` walks from the oldest message on.  A class that drains
 * newest first begins behind its backlog instead, and walks that one from
 * `behind` down when there is nothing newer. */

#ifndef CLOUD_OUTBOX_QUEUE_H
#define CLOUD_OUTBOX_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/outbox_class.h"
#include "cloud/outbox_ledger.h"
#include "cloud/outbox_state.h"
#include "cloud/outbox_store.h"
#include "cloud/outbox_window.h"
#include "core/err.h"

struct outbox_queue {
    struct outbox_class rules;
    unsigned number;
    struct outbox_tally *tally; /* in the outbox's state */
    bool changed;               /* the tally, since the last commit */
    struct outbox_window *window;
    struct outbox_ledger *ledger;
    uint64_t group_first;
    struct outbox_load group_put, group_gone;
    uint64_t group_dropped[OUTBOX_DROPS];
    uint64_t backlog_end; /* ids below were there when the connection came */
    uint64_t ahead, behind;
    struct outbox_rate rate;
    unsigned thinned; /* messages since the last one that thinning kept */
    uint64_t turn;    /* when it last had one */
};

/* Fill in an empty queue; the rules are copied, the tally is borrowed. */
enum err outbox_queue_open(struct outbox_queue *q,
    const struct outbox_class *rules, unsigned number,
    struct outbox_tally *tally) MUST_CHECK;
void outbox_queue_close(struct outbox_queue *q);

uint64_t outbox_queue_next_id(const struct outbox_queue *q);
/* What is neither in flight nor gone. */
struct outbox_load outbox_queue_idle(const struct outbox_queue *q);

/* Append; the id is in the message.  On an error the group is spoilt. */
enum err outbox_queue_append(struct outbox_queue *q, struct outbox_store *store,
    const struct outbox_kept *kept, uint64_t stream) MUST_CHECK;

/* The message that should make room, by the class's rule; its loan ends with
 * the next call.  False: there is none, or the disk refused. */
bool outbox_queue_victim(struct outbox_queue *q, struct outbox_store *store,
    struct outbox_kept *out);
enum err outbox_queue_drop(struct outbox_queue *q, struct outbox_store *store,
    const struct outbox_kept *kept, enum outbox_drop reason) MUST_CHECK;
/* The oldest that is not in flight, likewise. */
bool outbox_queue_oldest(struct outbox_queue *q, struct outbox_store *store,
    struct outbox_kept *out);

/* The group is durable; or it is taken back: the store was cancelled. */
void outbox_queue_begin_group(struct outbox_queue *q);
void outbox_queue_take_back(struct outbox_queue *q);

/* A connection came, or went. */
void outbox_queue_begin_drain(struct outbox_queue *q);
void outbox_queue_rewind(struct outbox_queue *q);

/* The next to go, if any: not marked yet.  *backlog: its rate counts. */
bool outbox_queue_next(struct outbox_queue *q, struct outbox_store *store,
    struct outbox_kept *out, bool *backlog);
/* It goes. */
enum err outbox_queue_send(struct outbox_queue *q,
    const struct outbox_kept *kept, bool backlog) MUST_CHECK;
void outbox_queue_put_back(struct outbox_queue *q, uint64_t id);

/* True when it was there. */
bool outbox_queue_forget(
    struct outbox_queue *q, struct outbox_store *store, uint64_t id);

#endif
