/* outbox_class.h - a class of messages and the rules it lives by.
 *
 * Pure: it decides, others do.  What the rules mean for those who configure
 * them and for those who receive: docs/protocol.md, "Classes". */

#ifndef CLOUD_OUTBOX_CLASS_H
#define CLOUD_OUTBOX_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTBOX_CLASSES    16 /* in one file, those no longer configured too */
#define OUTBOX_CLASS_NAME 17 /* with its NUL */

#define OUTBOX_TELEMETRY "telemetry"
#define OUTBOX_EVENT     "event" /* what names no class is one */
#define OUTBOX_CRITICAL  "critical"

enum outbox_when_full {
    OUTBOX_DROP_OLDEST,
    OUTBOX_DROP_NEWEST, /* the one that is being put */
    OUTBOX_THIN_OUT     /* of the waiting ones, keep every n-th, repeatedly */
};

/* Why a message was dropped. */
enum outbox_drop {
    OUTBOX_FULL,
    OUTBOX_THINNED,
    OUTBOX_EXPIRED,
    OUTBOX_REFUSED, /* by the broker, for ever */
    OUTBOX_LOST,    /* in a file that was set aside */
    OUTBOX_DROPS
};
const char *outbox_drop_name(enum outbox_drop reason); /* "full", ... */

struct outbox_class {
    char name[OUTBOX_CLASS_NAME];
    unsigned priority;      /* 1 to 9; 9 goes first */
    uint32_t ttl_s;         /* 0: for ever */
    unsigned share_percent; /* of both of the outbox's limits */
    enum outbox_when_full when_full;
    unsigned keep_every;     /* n of OUTBOX_THIN_OUT, at least 2 */
    bool newest_first;       /* how a backlog drains */
    uint32_t drain_per_s;    /* of a backlog; 0: no limit */
    unsigned budget_percent; /* of the line's budget; from there on the class
                                waits; 100: never */
};

/* 1 to 16 of [a-z0-9_-]. */
bool outbox_class_is_name(const char *name);

/* The three that are always there; anything else gets the event's rules. */
struct outbox_class outbox_class_default(const char *name);

/* Must it wait when so much of the budget is used? */
bool outbox_class_waits(
    const struct outbox_class *class, unsigned used_percent);

/* Messages and their bytes (topics and payloads). */
struct outbox_load {
    uint64_t messages, bytes;
};

/* A class's part of the outbox's limits; at least one message. */
struct outbox_load outbox_class_share(
    const struct outbox_class *class, struct outbox_load limits);

/* Is there room for one more message of `size` bytes? */
bool outbox_load_takes(
    struct outbox_load now, struct outbox_load limit, uint64_t size);

/* May messages of `victim` be dropped to make room for one of `newcomer`? */
bool outbox_class_yields(
    const struct outbox_class *victim, const struct outbox_class *newcomer);

/* Milliseconds that a message put at `put_ms` has left to live, 0: none;
 * INT64_MAX: it lives for ever. */
int64_t outbox_class_left_ms(
    const struct outbox_class *class, int64_t put_ms, int64_t now_ms);

/* The limited rate of a backlog, in whole messages; begins full, of a tenth of
 * a second's worth, at least one. */
struct outbox_rate {
    int64_t at_ms;   /* when the tokens were counted */
    uint64_t tokens; /* thousandths of a message */
};
/* Milliseconds until the next may go, 0: now. */
int64_t outbox_rate_wait_ms(
    struct outbox_rate *rate, uint32_t per_s, int64_t now_ms);
void outbox_rate_spend(struct outbox_rate *rate, uint32_t per_s);

#endif
