/* rhythm.c */

#include "cloud/rhythm.h"

static uint16_t within(uint32_t s, const struct rhythm_bounds *bounds)
{
    if (s < bounds->floor_s)
        return bounds->floor_s;
    return s > bounds->ceiling_s ? bounds->ceiling_s : (uint16_t)s;
}

static void move_to(
    struct rhythm *r, uint32_t s, const struct rhythm_bounds *bounds)
{
    r->now_s = within(s, bounds);
    r->survived = 0;
}

void rhythm_fit(struct rhythm *r, const struct rhythm_bounds *bounds)
{
    if (r->now_s == 0)
        r->now_s = bounds->ceiling_s;
    if (r->now_s != within(r->now_s, bounds))
        move_to(r, r->now_s, bounds);
}

/* Where to go from a rhythm that has proved stable. */
static uint32_t longer(const struct rhythm *r)
{
    uint32_t step = r->now_s / 2;

    if (r->bad_s != 0)
        step = r->bad_s > r->now_s ? (uint32_t)(r->bad_s - r->now_s) / 2 : 0;
    return step >= r->now_s / 10 ? r->now_s + step : r->now_s;
}

void rhythm_survived(struct rhythm *r, const struct rhythm_bounds *bounds)
{
    uint16_t next;

    r->survived++;
    if (r->survived >= RHYTHM_PROOF && r->now_s > r->good_s)
        r->good_s = r->now_s;
    if (r->survived >= RHYTHM_FORGET) {
        r->survived = RHYTHM_STABLE;
        r->bad_s = 0;
    }
    if (r->survived % RHYTHM_STABLE != 0)
        return;
    next = within(longer(r), bounds);
    if (next > r->now_s)
        move_to(r, next, bounds);
}

void rhythm_died(
    struct rhythm *r, const struct rhythm_bounds *bounds, uint16_t silence_s)
{
    uint16_t bad_s = silence_s < r->now_s ? silence_s : r->now_s;
    bool is_proven = r->good_s >= bad_s;

    if (bad_s < bounds->floor_s)
        return;
    if (is_proven && r->survived > 0) {
        r->survived = 0;
        return;
    }
    r->bad_s = bad_s;
    if (is_proven)
        r->good_s = 0;
    move_to(r, r->good_s != 0 ? r->good_s : bad_s * 2U / 3, bounds);
}

bool rhythm_is_sound(const struct rhythm *r)
{
    return r->now_s > 0 && r->survived < RHYTHM_FORGET &&
        (r->bad_s == 0 || r->bad_s > r->good_s);
}
