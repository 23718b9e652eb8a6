/* session_budget.c - a metered line: count, let low classes wait, hang up. */

#include <stdio.h>

#include "cloud/session_inside.h"
#include "core/log.h"
#include "identity/moment.h"
#include "ports/port.h"

#define COUNT_MS 60000
#define LOOK_MS  20000 /* then the clock is looked at again */

bool session_is_spent(struct session *s)
{
    bool spent = s->options.budget != NULL && !s->options.budget_stays &&
        budget_used_percent(s->options.budget) >= 100;

    s->was_spent |= spent;
    return spent;
}

struct session_budget_wait session_budget_wait(struct session *s)
{
    uint64_t spread_ms = (uint64_t)s->options.budget_spread_s * 1000;
    uint32_t random = 0;
    uint64_t wait_ms;

    if (session_is_spent(s)) {
        wait_ms = (uint64_t)budget_wait_ms(s->options.budget);
        return (struct session_budget_wait){.shown_ms = wait_ms + spread_ms / 2,
            .slept_ms = wait_ms < LOOK_MS ? wait_ms : LOOK_MS};
    }
    if (!s->was_spent)
        return (struct session_budget_wait){.shown_ms = 0};
    s->was_spent = false;
    if (port_random(&random, sizeof(random)) != ERR_OK)
        random = UINT32_MAX / 2;
    wait_ms = spread_ms * random / UINT32_MAX;
    return (struct session_budget_wait){wait_ms, wait_ms};
}

struct verdict session_budget_verdict(struct session *s)
{
    char begins[MOMENT_TEXT];
    struct verdict v = {.why = "budget"};

    moment_print(
        (port_wall_ms() + budget_wait_ms(s->options.budget)) / 1000, begins);
    (void)snprintf(v.detail, sizeof(v.detail),
        "the bytes that [budget] allows are used up; the next period begins "
        "at %s: wait, or allow more",
        begins);
    return v;
}

/* Our last words are an acknowledged status, as at the end of the program. */
static void hang_up(struct session *s)
{
    log_warning(SESSION_MODULE, "the line's budget is spent, hanging up");
    session_end_count(s);
    (void)session_say_presence(s, SESSION_GOODBYE, "\"reason\":\"budget\"");
    connection_close(s->connection);
}

void session_count(struct session *s)
{
    struct link_bytes now;

    if (s->options.budget == NULL || s->connection == NULL)
        return;
    now = connection_bytes(s->connection);
    budget_carry(s->options.budget, now.wire_in - s->carried.wire_in,
        now.wire_out - s->carried.wire_out);
    s->carried = now;
    if (s->state != SESSION_ONLINE)
        return;
    postroom_set_used(s->postroom, budget_used_percent(s->options.budget));
    if (session_is_spent(s) && s->count != NULL)
        hang_up(s);
}

static void on_count(void *context)
{
    struct session *s = context;

    s->count = loop_timer_start(s->options.loop, COUNT_MS, on_count, s);
    session_count(s);
}

void session_end_count(struct session *s)
{
    loop_timer_cancel(s->count);
    s->count = NULL;
}

void session_begin_count(struct session *s)
{
    if (s->options.budget == NULL)
        return;
    postroom_set_used(s->postroom, budget_used_percent(s->options.budget));
    s->count = loop_timer_start(s->options.loop, COUNT_MS, on_count, s);
}

bool session_budget(struct session *s, struct budget_figures *out)
{
    if (s->options.budget == NULL)
        return false;
    session_count(s);
    *out = budget_figures(s->options.budget);
    return true;
}
