/* session_retry.c */

#include "cloud/session_inside.h"

#include "core/log.h"
#include "ports/port.h"

#define SLOW_WAIT_MS 30000 /* at least, when the verdict says slow */
#define STABLE_MS    30000 /* online for so long: waits are short again */

static void on_stable(void *context)
{
    struct session *s = context;

    s->stable = NULL;
    backoff_reset(&s->backoff);
}

void session_watch_stability(struct session *s)
{
    s->stable = loop_timer_start(s->options.loop, STABLE_MS, on_stable, s);
}

void session_wait(struct session *s, bool was_online)
{
    uint32_t random = 0;
    uint64_t wait_ms;

    session_drop(s);
    if (was_online) {
        s->since_ms = port_wall_ms();
        session_tell_listeners(s, false);
    }
    if (port_random(&random, sizeof(random)) != ERR_OK)
        random = UINT32_MAX; /* the longest wait of this turn */
    wait_ms = backoff_next_ms(&s->backoff, random);
    if (s->verdict.slow)
        wait_ms += SLOW_WAIT_MS;
    s->next_try_at_ms = loop_now_ms(s->options.loop) + wait_ms;
    session_set_timer(s, wait_ms);
    log_debug(SESSION_MODULE, "next_try_ms=%llu", (unsigned long long)wait_ms);
}
