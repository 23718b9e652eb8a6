/* quota.c - in thousandths, what comes in a millisecond is a whole number. */

#include "cloud-mock/lib/quota.h"

#define WHOLE 1000

void quota_start(struct quota *quota, int64_t per_s, int64_t now_ms)
{
    *quota = (struct quota){per_s, per_s * WHOLE, now_ms};
}

static void fill(struct quota *quota, int64_t now_ms)
{
    int64_t full = quota->per_s * WHOLE;
    int64_t passed_ms = now_ms - quota->at_ms;

    quota->at_ms = now_ms;
    if (passed_ms <= 0)
        return;
    if (passed_ms >= (full - quota->level) / quota->per_s)
        quota->level = full;
    else
        quota->level += passed_ms * quota->per_s;
}

bool quota_take(struct quota *quota, int64_t now_ms)
{
    fill(quota, now_ms);
    if (quota->level < WHOLE)
        return false;
    quota->level -= WHOLE;
    return true;
}

void quota_spend(struct quota *quota, int64_t amount, int64_t now_ms)
{
    fill(quota, now_ms);
    quota->level -= amount * WHOLE;
}

int64_t quota_wait_ms(struct quota *quota, int64_t now_ms)
{
    fill(quota, now_ms);
    if (quota->level >= 0)
        return 0;
    return (-quota->level + quota->per_s - 1) / quota->per_s;
}
