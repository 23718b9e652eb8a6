/* backoff.h - how long to wait before the next try: full jitter.
 *
 * The n-th wait is drawn evenly from [0, first * 2^n], never above the ceiling,
 * so that many devices that lost the same broker do not come back at once.
 * A success does not end it: only who calls decides what counts as stable, so
 * a broker that accepts and then kicks is not hammered either. */

#ifndef CORE_BACKOFF_H
#define CORE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint64_t first_ms;   /* set these two, leave the rest 0 */
    uint64_t ceiling_ms; /* longest wait; below first_ms it still rules */
    unsigned tries;      /* waits handed out since the last reset */
};

/* The wait before the next try.  `random` is evenly spread over 32 bits. */
uint64_t backoff_next_ms(struct backoff *backoff, uint32_t random);

/* The connection has proved stable: begin with short waits again. */
void backoff_reset(struct backoff *backoff);

#endif
