/* backoff.h - how long to wait before the next try: full jitter.
 *
 * The n-th wait is drawn evenly from [0, first * 2^n], never above the ceiling,
 * so that many devices that lost the same broker do not come back at once;
 * before, waits may be as short as the first for a while (`quick_ms`).  That is
 * a time and not a number of waits: a few might be over at once.  So that there
 * are not many in that time, none of these is shorter than an eighth.
 * A success does not end it: only who calls decides what counts as stable, so
 * a broker that accepts and then kicks is not hammered either. */

#ifndef CORE_BACKOFF_H
#define CORE_BACKOFF_H

#include <stdint.h>

struct backoff {
    uint64_t first_ms;   /* set these two, leave the rest 0 */
    uint64_t ceiling_ms; /* longest wait; below first_ms it still rules */
    unsigned tries;      /* waits that widened since the last reset */
    uint64_t quick_ms;   /* waits to come that do not widen the next, in sum */
    uint32_t offset;     /* this device's own: backoff_offset */
};

/* What makes the waits of many devices differ although their random numbers
 * do not (a fresh image, a bad generator): a number from the device's name,
 * spread over 32 bits.  0 is no offset. */
uint32_t backoff_offset(const char *name);

/* The wait before the next try.  `random` is evenly spread over 32 bits; the
 * offset shifts it round the circle, so it stays so. */
uint64_t backoff_next_ms(struct backoff *backoff, uint32_t random);

/* The connection has proved stable: begin with short waits again. */
void backoff_reset(struct backoff *backoff);

#endif
