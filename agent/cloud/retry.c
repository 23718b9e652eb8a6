/* retry.c */

#include "cloud/retry.h"

#include <string.h>

#define SUSPICIOUS 3 /* short lives */

struct retry retry_begin(const char *thing)
{
    return (struct retry){
        .backoff = {.first_ms = RETRY_FIRST_MS,
                    .ceiling_ms = RETRY_CEILING_MS,
                    .offset = backoff_offset(thing)}
    };
}

void retry_note_life(
    struct retry *retry, bool stable, const struct verdict *verdict)
{
    if (stable)
        retry->short_lives = 0;
    else if (strcmp(verdict->why, "interface") != 0)
        retry->short_lives++;
    if (!stable)
        retry->backoff.quick_ms = 0;
}

/* Nobody was there, which passes; a broker that answered will answer so again.
 */
static bool is_outage(const struct verdict *verdict)
{
    static const char *const words[] = {"lost", "tcp", "dns", "proxy"};

    if (verdict->shuts_down)
        return true;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(verdict->why, words[i]) == 0)
            return true;
    return false;
}

void retry_note_end(struct retry *retry, struct verdict *verdict)
{
    verdict_note_short_lives(verdict, retry->short_lives);
    retry->has_rival |= strcmp(verdict->why, "duplicate") == 0 ||
        retry->short_lives >= SUSPICIOUS;
    if (!is_outage(verdict))
        retry->backoff.quick_ms = 0;
}

static uint64_t at_least(uint64_t value, uint64_t least)
{
    return value > least ? value : least;
}

/* Evenly from [0, widest], shifted as all waits of this device are. */
static uint64_t jitter_ms(
    const struct retry *retry, uint64_t widest, uint32_t random)
{
    struct backoff once = retry->backoff;

    once.first_ms = once.ceiling_ms = widest;
    return backoff_next_ms(&once, random);
}

/* Whoever was told the same at the same time must not come at the same time:
 * behind the wait that was asked for lies as much jitter again, at most the
 * ceiling. */
uint64_t retry_wait_ms(
    struct retry *retry, const struct verdict *verdict, uint32_t random)
{
    uint64_t wait = backoff_next_ms(&retry->backoff, random);
    uint64_t asked = verdict->retry_after_s < RETRY_HINT_S
        ? verdict->retry_after_s
        : RETRY_HINT_S;
    uint64_t spread;

    asked *= 1000;
    if (verdict->slow)
        asked = at_least(asked, RETRY_SLOW_MS);
    spread = asked < RETRY_CEILING_MS ? asked : RETRY_CEILING_MS;
    return asked + at_least(wait, jitter_ms(retry, spread, random));
}

uint64_t retry_stable_after_ms(const struct retry *retry)
{
    return retry->has_rival ? RETRY_RIVAL_MS : RETRY_STABLE_MS;
}

void retry_stable(struct retry *retry)
{
    backoff_reset(&retry->backoff);
    retry->backoff.quick_ms = RETRY_QUICK_MS;
    retry->has_rival = false;
}
