/* outbox_state.h - what an outbox keeps beside its messages.  Pure but for the
 * clock and the random name of a new file. */

#ifndef CLOUD_OUTBOX_STATE_H
#define CLOUD_OUTBOX_STATE_H

#include <stdint.h>

#include "cloud/outbox.h"

/* A message's id: its class's number, and in the lower 56 bits its own. */
#define OUTBOX_CLASS_SHIFT 56

/* What is kept of a class; its number is its place. */
struct outbox_tally {
    char name[OUTBOX_CLASS_NAME]; /* empty: there is none */
    uint64_t next;           /* number of its next message, without class */
    struct outbox_load load; /* queued */
    uint64_t dropped[OUTBOX_DROPS];
    uint64_t refused;
    uint64_t thin_at; /* how far thinning out has come: an id */
};

/* What is kept beside the messages, written with each commit. */
struct outbox_state {
    char name[OUTBOX_STORE_NAME];
    uint64_t next_id;
    struct outbox_clock clock;
    uint64_t written, written_today; /* bytes */
    int64_t day;                     /* of written_today, by the clock */
    uint64_t set_aside;
    /* The number before the first one of a stream that the file does not know:
     * what was torn may have begun it. */
    uint64_t streams_from;
    struct outbox_tally classes[OUTBOX_CLASSES];
};

/* The state of a new file; what *state says was queued is lost.  Its numbers
 * begin at the wall clock's milliseconds, or where they were if that is higher,
 * so that they grow although a file was lost. */
void outbox_state_begin_anew(struct outbox_state *state);

/* Classes that the file does not hold: take them from what it was made of.
 * Their numbers go on where the whole outbox's does. */
void outbox_state_complete(
    struct outbox_state *state, const struct outbox_state *anew);

/* The number of a class: its own, or a free one, which gets the name.  A class
 * of which nothing is queued and that is not in `wanted` (bits of numbers)
 * gives way.  -1: there is no room. */
int outbox_state_class(
    struct outbox_state *state, const char *name, unsigned wanted);

#endif
