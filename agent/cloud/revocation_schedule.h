/* revocation_schedule.h - when a revocation list is asked for again.
 *
 * Pure: no clock, no heap.  All decisions count monotonic time; the wall clock
 * only says how much is left of the list, and is asked anew each time, so that
 * a jump moves the next question but cannot lose it, nor bring two at once. */

#ifndef CLOUD_REVOCATION_SCHEDULE_H
#define CLOUD_REVOCATION_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* The most often that a list is asked for that came well. */
#define REVOCATION_LEAST_MS 300000

/* The longest time between two looks at the clock. */
#define REVOCATION_LOOK_MS 600000

struct revocation_times {
    int64_t now_ms;     /* monotonic */
    int64_t now_wall_s; /* since 1970 */
    int64_t tried_ms;   /* monotonic: when the last answer came; 0: none yet */
    int64_t succeeded_ms; /* monotonic: ... the last good one; 0: none yet */
    bool has_failed;      /* the last one was no good */
    int64_t this_update_s, next_update_s; /* of the list in use; 0: unknown */
    uint64_t interval_ms;                 /* ask at least as often */
    uint64_t back_off_ms; /* after a failure, or a list that is no news */
    uint32_t random;      /* drawn once for each try */
};

/* Has the margin before nextUpdate begun: a tenth of the list's life?  False
 * when the list does not say. */
bool revocation_wants_news(const struct revocation_times *t);

/* The monotonic time to ask next; at most the interval after the last good
 * answer, up to a tenth earlier by `random`. */
int64_t revocation_due_ms(const struct revocation_times *t);

#endif
