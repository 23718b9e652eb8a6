/* enrolment_plan.c */

#include "device/enrolment_plan.h"

#include <string.h>

#define FIRST_MS       60000    /* the widest wait after one failure */
#define CEILING_MS     21600000 /* ... and after many */
#define LEAST_MS       10000
#define LEAST_PAUSE_MS 2000
#define MOST_PAUSE_MS  3600000
#define EARLY          20 /* a twentieth of the life */
#define LEFT           10 /* a tenth of what is left */
#define BETWEEN_MS     2000
#define BETWEEN_MOST   60000
#define REFUSED_TRIES  3
#define ABSENT_TRIES   20

/* Far enough for every certificate, and no product of it overflows. */
#define FAR_S ((int64_t)1 << 40)

enum enrolment_state enrolment_next(
    enum enrolment_state state, enum enrolment_event event)
{
    switch (state) {
    case ENROLMENT_RESTING:
        return event == ENROLMENT_ON_DUE ? ENROLMENT_ASKING : state;
    case ENROLMENT_ASKING:
        if (event == ENROLMENT_ON_GOT)
            return ENROLMENT_TRYING;
        return event == ENROLMENT_ON_FAILED ? ENROLMENT_RESTING : state;
    case ENROLMENT_TRYING:
        if (event == ENROLMENT_ON_REFUSED)
            return ENROLMENT_BETWEEN;
        return event == ENROLMENT_ON_ACCEPTED || event == ENROLMENT_ON_GIVEN_UP
            ? ENROLMENT_RESTING
            : state;
    case ENROLMENT_BETWEEN:
        if (event == ENROLMENT_ON_DUE)
            return ENROLMENT_TRYING;
        return event == ENROLMENT_ON_GIVEN_UP ? ENROLMENT_RESTING : state;
    }
    return state;
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        return least;
    return value > most ? most : value;
}

static int64_t second_of(int64_t wall_s)
{
    return within(wall_s, 0, FAR_S);
}

/* `whole` * random, as a part of 1. */
static int64_t random_part(int64_t whole, uint32_t random)
{
    return whole / 1024 * (random >> 22);
}

int64_t enrolment_back_off_ms(const struct enrolment_times *t)
{
    unsigned doublings = t->failures > 1 ? t->failures - 1 : 0;
    int64_t wait_ms = within(
        (int64_t)FIRST_MS << (doublings < 12 ? doublings : 12), 0, CEILING_MS);
    int64_t left_ms = (second_of(t->until_s) - second_of(t->now_wall_s)) * 1000;

    if (t->is_operational && left_ms > 0 && wait_ms > left_ms / LEFT)
        wait_ms = left_ms / LEFT;
    wait_ms -= random_part(wait_ms / 4, t->random);
    wait_ms = wait_ms < LEAST_MS ? LEAST_MS : wait_ms;
    return wait_ms < (int64_t)t->told_s * 1000 ? (int64_t)t->told_s * 1000
                                               : wait_ms;
}

/* By the life alone. */
static int64_t renewal_ms(const struct enrolment_times *t)
{
    int64_t life_s = second_of(t->until_s) - second_of(t->from_s);
    int64_t at_s;

    if (life_s < 0)
        life_s = 0;
    at_s = second_of(t->from_s) + life_s / 100 * t->percent -
        random_part(life_s / EARLY, t->random);
    return t->now_ms + (at_s - second_of(t->now_wall_s)) * 1000;
}

/* What must pass after a success, counted by what is left now. */
static int64_t pause_ms(const struct enrolment_times *t)
{
    int64_t left_ms =
        (second_of(t->until_s) - second_of(t->now_wall_s)) * 1000 +
        (t->now_ms - t->succeeded_ms);

    return within(left_ms / 3, LEAST_PAUSE_MS, MOST_PAUSE_MS);
}

int64_t enrolment_due_ms(const struct enrolment_times *t)
{
    int64_t due_ms = t->is_operational ? renewal_ms(t) : t->now_ms;
    int64_t least_ms;

    if (t->is_operational && t->succeeded_ms != 0 &&
        due_ms < t->succeeded_ms + pause_ms(t))
        due_ms = t->succeeded_ms + pause_ms(t);

    if (t->failures == 0)
        return due_ms;
    least_ms = t->failed_ms + enrolment_back_off_ms(t);
    return due_ms > least_ms ? due_ms : least_ms;
}

bool enrolment_shows_operational(
    const struct enrolment_times *t, unsigned refusals)
{
    bool is_over = t->until_s <= t->now_wall_s;
    bool turns = refusals >= ENROLMENT_REFUSALS;

    if (is_over)
        return false;
    return turns ? !t->is_operational : t->is_operational || t->was_over;
}

bool enrolment_is_refusal(const char *why)
{
    return strcmp(why, "refused") == 0 || strcmp(why, "policy") == 0;
}

bool enrolment_gives_up(const char *why, unsigned tries)
{
    return tries >= (enrolment_is_refusal(why) ? REFUSED_TRIES : ABSENT_TRIES);
}

uint64_t enrolment_between_ms(unsigned tries)
{
    uint64_t wait_ms = (uint64_t)BETWEEN_MS << (tries < 10 ? tries : 10);

    return wait_ms < BETWEEN_MOST ? wait_ms : BETWEEN_MOST;
}
