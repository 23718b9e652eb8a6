/* outbox_clock.c */

#include "cloud/outbox_clock.h"

#define JUMP_MS 2000 /* the clocks differ by more: somebody set one */

void outbox_clock_start(struct outbox_clock *c, struct outbox_now now)
{
    int64_t told = now.wall_ms + c->ahead_ms;

    if (told < c->now_ms)
        c->ahead_ms += c->now_ms - told;
    c->now_ms = now.wall_ms + c->ahead_ms;
    c->last = now;
}

int64_t outbox_clock_ms(struct outbox_clock *c, struct outbox_now now)
{
    int64_t walked = now.wall_ms - c->last.wall_ms;
    int64_t passed = now.monotonic_ms - c->last.monotonic_ms;
    int64_t jump = walked - passed;

    if (jump > JUMP_MS || jump < -JUMP_MS)
        c->ahead_ms -= jump;
    c->last = now;
    if (now.wall_ms + c->ahead_ms > c->now_ms)
        c->now_ms = now.wall_ms + c->ahead_ms;
    return c->now_ms;
}
