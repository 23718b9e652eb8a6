/* revocation_schedule.c */

#include "cloud/revocation_schedule.h"

#define MARGIN 10 /* a list's last tenth is for asking */
#define JITTER 10 /* up to a tenth of the wait is left out */

/* Far enough for every list, and no product of it overflows. */
#define FAR_S ((int64_t)1 << 40)

static int64_t within(int64_t value, int64_t least, int64_t most)
{
    if (value < least)
        return least;
    return value > most ? most : value;
}

/* How long the list's dates let us wait from now on; negative: too long ago. */
static int64_t left_ms(const struct revocation_times *t)
{
    int64_t left_s = within(t->next_update_s, 0, FAR_S) -
        within(t->now_wall_s, -FAR_S, FAR_S);
    int64_t life_s =
        within(t->next_update_s, 0, FAR_S) - within(t->this_update_s, 0, FAR_S);
    int64_t margin_s =
        t->this_update_s != 0 ? within(life_s, 0, FAR_S) / MARGIN : 0;

    return (left_s - margin_s) * 1000;
}

bool revocation_wants_news(const struct revocation_times *t)
{
    return t->next_update_s != 0 && left_ms(t) <= 0;
}

static int64_t random_part(int64_t wait_ms, uint32_t random)
{
    return wait_ms / JITTER / 1024 * (random >> 22);
}

int64_t revocation_due_ms(const struct revocation_times *t)
{
    int64_t least_ms = REVOCATION_LEAST_MS;
    int64_t due_ms;

    if (t->tried_ms == 0)
        return t->now_ms;
    if (t->has_failed)
        return t->tried_ms + (int64_t)t->back_off_ms;
    if ((int64_t)t->back_off_ms > least_ms)
        least_ms = (int64_t)t->back_off_ms;
    due_ms = t->succeeded_ms + (int64_t)t->interval_ms;
    if (t->next_update_s != 0 && t->now_ms + left_ms(t) < due_ms)
        due_ms = t->now_ms + left_ms(t);
    if (due_ms > t->tried_ms)
        due_ms -= random_part(due_ms - t->tried_ms, t->random);
    return due_ms > t->tried_ms + least_ms ? due_ms : t->tried_ms + least_ms;
}
