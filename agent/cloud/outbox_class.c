/* outbox_class.c */

#include "cloud/outbox_class.h"

#include <stdio.h>
#include <string.h>

#define TOKEN 1000 /* one message */

static const struct outbox_class built_in[] = {
    {.name = OUTBOX_EVENT,
     .priority = 5,
     .share_percent = 100,
     .keep_every = 2,
     .budget_percent = 95 },
    {.name = OUTBOX_TELEMETRY,
     .priority = 1,
     .share_percent = 50,
     .keep_every = 2,
     .budget_percent = 80 },
    {.name = OUTBOX_CRITICAL,
     .priority = 9,
     .share_percent = 100,
     .keep_every = 2,
     .budget_percent = 100},
};

const char *outbox_drop_name(enum outbox_drop reason)
{
    static const char *const names[OUTBOX_DROPS] = {
        "full", "thinned", "expired", "refused", "lost"};

    return names[reason];
}

bool outbox_class_is_name(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len < OUTBOX_CLASS_NAME &&
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

struct outbox_class outbox_class_default(const char *name)
{
    struct outbox_class class = built_in[0];

    for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
        if (strcmp(built_in[i].name, name) == 0)
            class = built_in[i];
    (void)snprintf(class.name, sizeof(class.name), "%s", name);
    return class;
}

static uint64_t part(uint64_t whole, unsigned percent)
{
    return whole / 100 * percent + whole % 100 * percent / 100;
}

bool outbox_class_waits(const struct outbox_class *class, unsigned used_percent)
{
    return class->budget_percent < 100 && used_percent >= class->budget_percent;
}

struct outbox_load outbox_class_share(
    const struct outbox_class *class, struct outbox_load limits)
{
    struct outbox_load share = {part(limits.messages, class->share_percent),
        part(limits.bytes, class->share_percent)};

    if (share.messages == 0 && limits.messages > 0)
        share.messages = 1;
    return share;
}

bool outbox_load_takes(
    struct outbox_load now, struct outbox_load limit, uint64_t size)
{
    return now.messages < limit.messages && size <= limit.bytes &&
        now.bytes <= limit.bytes - size;
}

bool outbox_class_yields(
    const struct outbox_class *victim, const struct outbox_class *newcomer)
{
    return victim == newcomer || victim->priority < newcomer->priority;
}

int64_t outbox_class_left_ms(
    const struct outbox_class *class, int64_t put_ms, int64_t now_ms)
{
    int64_t left;

    if (class->ttl_s == 0)
        return INT64_MAX;
    left = (int64_t) class->ttl_s * 1000 - (now_ms - put_ms);
    return left > 0 ? left : 0;
}

static uint64_t most(uint32_t per_s)
{
    uint64_t tenth = (uint64_t)per_s * TOKEN / 10;

    return tenth > TOKEN ? tenth : TOKEN;
}

int64_t outbox_rate_wait_ms(
    struct outbox_rate *rate, uint32_t per_s, int64_t now_ms)
{
    int64_t passed = now_ms - rate->at_ms;
    uint64_t missing;

    if (per_s == 0)
        return 0;
    /* Thousandths of a message a millisecond: per_s. */
    if (passed < 0 || (uint64_t)passed >= most(per_s) / per_s + 1)
        rate->tokens = most(per_s);
    else
        rate->tokens += (uint64_t)passed * per_s;
    if (rate->tokens > most(per_s))
        rate->tokens = most(per_s);
    rate->at_ms = now_ms;
    if (rate->tokens >= TOKEN)
        return 0;
    missing = TOKEN - rate->tokens;
    return (int64_t)((missing + per_s - 1) / per_s);
}

void outbox_rate_spend(struct outbox_rate *rate, uint32_t per_s)
{
    if (per_s > 0)
        rate->tokens -= rate->tokens < TOKEN ? rate->tokens : TOKEN;
}
