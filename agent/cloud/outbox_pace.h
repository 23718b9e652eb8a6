/* outbox_pace.h - how often an outbox may write, so that flash memory lasts.
 *
 * Each commit ends with an fsync.  There are at most so many a second; a short
 * burst is free.  Once a day's budget of bytes is spent, commits come seldom:
 * every group then shares what a commit costs besides its messages.  Pure. */

#ifndef CLOUD_OUTBOX_PACE_H
#define CLOUD_OUTBOX_PACE_H

#include <stdint.h>

#define OUTBOX_PACE_BURST     10
#define OUTBOX_PACE_SELDOM_MS 5000

struct outbox_pace {
    uint32_t commits_per_s;
    uint64_t budget_bytes; /* a day; 0: none */
    int64_t at_ms;         /* when the tokens were counted */
    uint64_t tokens;       /* thousandths of a commit */
    int64_t last_ms;       /* the last commit */
};

struct outbox_pace outbox_pace_begin(
    uint32_t commits_per_s, uint64_t budget_bytes, int64_t monotonic_ms);

/* Milliseconds until the next commit may come, `today` bytes being written. */
int64_t outbox_pace_wait_ms(
    struct outbox_pace *pace, uint64_t today, int64_t monotonic_ms);
void outbox_pace_note(struct outbox_pace *pace, int64_t monotonic_ms);

#endif
