/* backoff.c */

#include "core/backoff.h"

#define LEAST_PART 8 /* of the widest: the shortest quick wait */

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

/* Every bit of the result depends on every bit of `x`: xor, shift and odd
 * factors, each of which can be undone. */
static uint32_t stir(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ x >> 16;
}

uint32_t backoff_offset(const char *name)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619U;
    return stir(hash);
}

/* Another one each time: no device is always the first. */
static uint32_t shift(const struct backoff *backoff, uint32_t random)
{
    uint32_t turn = backoff->tries + (uint32_t)backoff->quick_ms;

    return backoff->offset == 0 ? random
                                : random + stir(backoff->offset + turn);
}

static uint64_t quick_wait(
    struct backoff *backoff, uint64_t window, uint32_t random)
{
    uint64_t least = window / LEAST_PART;
    uint64_t wait = least + scale(window - least + 1, random);

    backoff->quick_ms -= backoff->quick_ms < wait ? backoff->quick_ms : wait;
    return wait;
}

uint64_t backoff_next_ms(struct backoff *backoff, uint32_t random)
{
    uint64_t window = window_ms(backoff);

    random = shift(backoff, random);
    if (backoff->quick_ms > 0)
        return quick_wait(backoff, window, random);
    if (window < backoff->ceiling_ms)
        backoff->tries++;
    return window == UINT64_MAX ? scale(window, random)
                                : scale(window + 1, random);
}

void backoff_reset(struct backoff *backoff)
{
    backoff->tries = 0;
}
