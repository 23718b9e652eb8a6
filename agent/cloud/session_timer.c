/* session_timer.c */

#include "cloud/session_inside.h"

#include "core/log.h"

static void on_timer(void *context)
{
    struct session *s = context;

    s->timer = NULL;
    session_step(s, SESSION_ON_TIMER);
}

void session_set_timer(struct session *s, uint64_t delay_ms)
{
    loop_timer_cancel(s->timer);
    s->timer = loop_timer_start(s->options.loop, delay_ms, on_timer, s);
    if (s->timer == NULL)
        log_error(SESSION_MODULE, "out of memory: a timer is missing");
}

void session_clear_timers(struct session *s)
{
    loop_timer_cancel(s->timer);
    s->timer = NULL;
    loop_timer_cancel(s->stable);
    s->stable = NULL;
}
