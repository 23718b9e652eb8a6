/* session_network.c - a session that waits need not when the network comes.
 *
 * Many devices hang on one switch, so even that try has a jitter; and a network
 * that comes and goes is no reason to hammer the broker, so such tries have a
 * distance from one another. */

#include "cloud/session_inside.h"

#include "core/log.h"
#include "ports/port.h"

#define JITTER_MS   500
#define DISTANCE_MS 10000
#define FRESH_MS    3000 /* so long it is news that the network came */

/* Every other wait is set by session_retry.c. */
static void try_soon(struct session *s)
{
    uint64_t now_ms = loop_now_ms(s->options.loop), at_ms;
    uint32_t random = 0;

    if (port_random(&random, sizeof(random)) != ERR_OK)
        random = JITTER_MS;
    at_ms = now_ms + random % (JITTER_MS + 1);
    if (s->hurried_at_ms != 0 && at_ms < s->hurried_at_ms + DISTANCE_MS)
        at_ms = s->hurried_at_ms + DISTANCE_MS;
    if (at_ms >= s->next_try_at_ms)
        return;
    s->hurried_at_ms = at_ms;
    s->next_try_at_ms = at_ms;
    session_set_timer(s, at_ms - now_ms);
    log_debug(SESSION_MODULE, "next_try_ms=%llu why=network",
        (unsigned long long)(at_ms - now_ms));
}

/* Not against the broker's wish. */
static bool may_hurry(const struct session *s)
{
    return s->came_at_ms != 0 &&
        loop_now_ms(s->options.loop) - s->came_at_ms <= FRESH_MS &&
        !s->verdict.slow && s->verdict.retry_after_s == 0;
}

void session_hurry(struct session *s)
{
    if (s->state == SESSION_WAITING && may_hurry(s))
        try_soon(s);
}

/* A dial of before the change may wait for an answer that cannot come. */
static void dial_anew(struct session *s)
{
    uint64_t now_ms = loop_now_ms(s->options.loop);

    if (!may_hurry(s))
        return;
    if (s->hurried_at_ms == 0 || now_ms >= s->hurried_at_ms + DISTANCE_MS)
        session_step(s, SESSION_ON_ENDED); /* comes back by session_hurry */
}

void session_look_around(struct session *s, bool must_probe, bool came)
{
    if (came)
        s->came_at_ms = loop_now_ms(s->options.loop);
    if (s->connection != NULL && connection_is_up(s->connection))
        connection_look_again(s->connection, must_probe);
    else if (came && s->state == SESSION_CONNECTING)
        dial_anew(s);
    else
        session_hurry(s);
}
