/* outbox_pace.c */

#include "cloud/outbox_pace.h"

#define TOKEN 1000 /* one commit */
#define MOST  ((uint64_t)OUTBOX_PACE_BURST * TOKEN)
/* A message's own bytes go to the WAL and to the file; its part of the pages
 * around it, twice too, and once more when it is forgotten. */
#define TIMES  3
#define AROUND 900

struct outbox_pace outbox_pace_begin(
    uint32_t commits_per_s, uint64_t budget_bytes, int64_t monotonic_ms)
{
    return (struct outbox_pace){.commits_per_s = commits_per_s,
        .budget_bytes = budget_bytes,
        .at_ms = monotonic_ms,
        .tokens = MOST,
        .last_ms = monotonic_ms - OUTBOX_PACE_SPENT_MS};
}

static void count_tokens(struct outbox_pace *p, int64_t now_ms)
{
    uint64_t passed = now_ms > p->at_ms ? (uint64_t)(now_ms - p->at_ms) : 0;

    if (passed > MOST / p->commits_per_s)
        p->tokens = MOST;
    else
        p->tokens += passed * p->commits_per_s;
    if (p->tokens > MOST)
        p->tokens = MOST;
    p->at_ms = now_ms;
}

enum outbox_pace_stage outbox_pace_stage(
    const struct outbox_pace *p, uint64_t today)
{
    if (p->budget_bytes == 0 || today < p->budget_bytes / 2)
        return OUTBOX_PACE_FREE;
    if (today < p->budget_bytes / 10 * 9)
        return OUTBOX_PACE_SELDOM;
    return today < p->budget_bytes ? OUTBOX_PACE_ONLY_URGENT
                                   : OUTBOX_PACE_SPENT;
}

bool outbox_pace_takes(
    const struct outbox_pace *p, uint64_t today, unsigned priority)
{
    enum outbox_pace_stage stage = outbox_pace_stage(p, today);

    return stage < OUTBOX_PACE_ONLY_URGENT ||
        (stage == OUTBOX_PACE_ONLY_URGENT && priority == OUTBOX_PACE_URGENT);
}

uint64_t outbox_pace_cost(uint64_t message_bytes)
{
    return TIMES * message_bytes + AROUND;
}

static int64_t between_commits_ms(enum outbox_pace_stage stage)
{
    switch (stage) {
    case OUTBOX_PACE_FREE:
        break;
    case OUTBOX_PACE_SELDOM:
    case OUTBOX_PACE_ONLY_URGENT:
        return OUTBOX_PACE_SELDOM_MS;
    case OUTBOX_PACE_SPENT:
        return OUTBOX_PACE_SPENT_MS;
    }
    return 0;
}

int64_t outbox_pace_wait_ms(
    struct outbox_pace *p, uint64_t today, int64_t now_ms)
{
    int64_t least = between_commits_ms(outbox_pace_stage(p, today));
    int64_t wait = 0, seldom = p->last_ms + least - now_ms;

    count_tokens(p, now_ms);
    if (p->tokens < TOKEN)
        wait = (int64_t)((TOKEN - p->tokens + p->commits_per_s - 1) /
            p->commits_per_s);
    if (least > 0 && seldom > wait)
        wait = seldom;
    return wait;
}

void outbox_pace_note(struct outbox_pace *p, int64_t now_ms)
{
    count_tokens(p, now_ms);
    p->tokens -= p->tokens < TOKEN ? p->tokens : TOKEN;
    p->last_ms = now_ms;
}
