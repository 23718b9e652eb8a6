/* session_retry.c */

#include "cloud/session_inside.h"

#include "core/log.h"
#include "ports/port.h"

static void on_stable(void *context)
{
    struct session *s = context;

    s->stable = NULL;
    log_debug(SESSION_MODULE, "stable");
    retry_stable(&s->retry);
    redirect_settle(&s->redirect);
}

void session_watch_stability(struct session *s)
{
    s->stable = loop_timer_start(
        s->options.loop, retry_stable_after_ms(&s->retry), on_stable, s);
}

void session_wait(struct session *s, bool was_online)
{
    struct session_budget_wait budget;
    uint32_t random = 0;
    uint64_t wait_ms;

    session_drop(s);
    if (was_online) {
        s->since_ms = port_wall_ms();
        session_tell_listeners(s, false);
    }
    if (port_random(&random, sizeof(random)) != ERR_OK)
        random = 0; /* the device's own offset remains */
    wait_ms = retry_wait_ms(&s->retry, &s->verdict, random);
    budget = session_budget_wait(s);
    s->next_try_at_ms =
        loop_now_ms(s->options.loop) + wait_ms + budget.shown_ms;
    session_set_timer(s, wait_ms + budget.slept_ms);
    log_debug(SESSION_MODULE, "next_try_ms=%llu", (unsigned long long)wait_ms);
    session_hurry(s);
}
