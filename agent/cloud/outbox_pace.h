/* outbox_pace.h - how often an outbox may write, so that flash memory lasts.
 *
 * Each commit ends with an fsync.  There are at most so many a second; a short
 * burst is free.  A day has a budget of bytes.  Once half of it is spent,
 * commits come seldom: every group then shares what a commit costs besides its
 * messages.  The last tenth is for what is urgent, and when all is spent
 * nothing new is taken.  Pure. */

#ifndef CLOUD_OUTBOX_PACE_H
#define CLOUD_OUTBOX_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define OUTBOX_PACE_BURST     10
#define OUTBOX_PACE_SELDOM_MS 5000
#define OUTBOX_PACE_SPENT_MS  60000 /* only what is forgotten is written */
#define OUTBOX_PACE_URGENT    9     /* the priority that has the last tenth */

struct outbox_pace {
    uint32_t commits_per_s;
    uint64_t budget_bytes; /* a day; 0: none */
    int64_t at_ms;         /* when the tokens were counted */
    uint64_t tokens;       /* thousandths of a commit */
    int64_t last_ms;       /* the last commit */
};

struct outbox_pace outbox_pace_begin(
    uint32_t commits_per_s, uint64_t budget_bytes, int64_t monotonic_ms);

enum outbox_pace_stage {
    OUTBOX_PACE_FREE,
    OUTBOX_PACE_SELDOM,      /* half of the day's bytes are written */
    OUTBOX_PACE_ONLY_URGENT, /* nine tenths */
    OUTBOX_PACE_SPENT
};
enum outbox_pace_stage outbox_pace_stage(
    const struct outbox_pace *pace, uint64_t today);
/* May a message of this priority be put, `today` bytes being written? */
bool outbox_pace_takes(
    const struct outbox_pace *pace, uint64_t today, unsigned priority);
/* What a message may cost until it is forgotten, at most, when it is not alone
 * in its group. */
uint64_t outbox_pace_cost(uint64_t message_bytes);

/* Milliseconds until the next commit may come, `today` bytes being written. */
int64_t outbox_pace_wait_ms(
    struct outbox_pace *pace, uint64_t today, int64_t monotonic_ms);
void outbox_pace_note(struct outbox_pace *pace, int64_t monotonic_ms);

#endif
