/* outbox_clock.h - the time by which messages grow old.
 *
 * The wall clock of a device may stand at 1970 until the network sets it, and
 * a message must not die of that.  This clock follows the wall clock, but when
 * the wall clock is set while the agent runs, it goes on as if it had not been,
 * and it never goes back, also over restarts.  Time switched off counts as far
 * as the wall clock tells it.  Pure. */

#ifndef CLOUD_OUTBOX_CLOCK_H
#define CLOUD_OUTBOX_CLOCK_H

#include <stdint.h>

struct outbox_now {
    int64_t wall_ms, monotonic_ms; /* as ports/port.h */
};

/* The first two are kept across restarts. */
struct outbox_clock {
    int64_t now_ms;   /* the latest time it told */
    int64_t ahead_ms; /* of the wall clock; negative: behind */
    struct outbox_now last;
};

/* Go on after a restart; a new one is all zeros. */
void outbox_clock_start(struct outbox_clock *clock, struct outbox_now now);
int64_t outbox_clock_ms(struct outbox_clock *clock, struct outbox_now now);

#endif
