/* backoff.c */

#include "core/backoff.h"

/* The widest wait of this try; doubling stops at the ceiling, long before it
 * could overflow. */
static uint64_t window_ms(const struct backoff *backoff)
{
    uint64_t window = backoff->first_ms;

    for (unsigned i = 0; i < backoff->tries; i++) {
        if (window >= backoff->ceiling_ms / 2)
            return backoff->ceiling_ms;
        window *= 2;
    }
    return window < backoff->ceiling_ms ? window : backoff->ceiling_ms;
}

/* window * random / 2^32, without a product of more than 64 bits. */
static uint64_t scale(uint64_t window, uint32_t random)
{
    uint64_t high = (window >> 32) * random;
    uint64_t low = ((window & UINT32_MAX) * random) >> 32;

    return high + low;
}

uint64_t backoff_next_ms(struct backoff *backoff, uint32_t random)
{
    uint64_t window = window_ms(backoff);

    if (window < backoff->ceiling_ms)
        backoff->tries++;
    return window == UINT64_MAX ? scale(window, random)
                                : scale(window + 1, random);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->tries = 0;
}
