/* rate.c - a small table, searched from end to end; keys longer than a slot
 * are compared by their beginning. */

#include "cloudd/rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    char key[80];
    unsigned failures; /* 0: the slot is free */
    int64_t last_ms;
};

struct rate {
    struct rate_options options;
    struct entry entries[];
};

struct rate *rate_new(const struct rate_options *options)
{
    struct rate *r =
        calloc(1, sizeof(*r) + options->keys * sizeof(struct entry));

    if (r != NULL)
        r->options = *options;
    return r;
}

void rate_free(struct rate *rate)
{
    free(rate);
}

static size_t find(const struct rate *r, const char *key)
{
    size_t i = 0;

    while (i < r->options.keys &&
        (r->entries[i].failures == 0 ||
            strncmp(r->entries[i].key, key, sizeof(r->entries[i].key) - 1) !=
                0))
        i++;
    return i;
}

int64_t rate_wait_ms(const struct rate *rate, const char *key, int64_t now_ms)
{
    const struct rate_options *o = &rate->options;
    size_t i = find(rate, key);
    const struct entry *e = &rate->entries[i];
    int64_t wait = o->first_ms;

    if (i == o->keys || e->failures < o->free_tries ||
        now_ms - e->last_ms >= o->forget_ms)
        return 0;
    for (unsigned n = e->failures; n > o->free_tries; n--) {
        wait *= 2;
        if (wait >= o->longest_ms)
            break;
    }
    if (wait > o->longest_ms)
        wait = o->longest_ms;
    wait -= now_ms - e->last_ms;
    return wait > 0 ? wait : 0;
}

/* A free slot, else the one whose last failure is longest ago. */
static size_t slot_to_use(const struct rate *r)
{
    size_t best = 0;

    for (size_t i = 0; i < r->options.keys; i++) {
        if (r->entries[i].failures == 0)
            return i;
        if (r->entries[i].last_ms < r->entries[best].last_ms)
            best = i;
    }
    return best;
}

void rate_failed(struct rate *rate, const char *key, int64_t now_ms)
{
    size_t i = find(rate, key);
    struct entry *e;

    if (i == rate->options.keys) {
        i = slot_to_use(rate);
        rate->entries[i].failures = 0;
    }
    e = &rate->entries[i];
    if (e->failures > 0 && now_ms - e->last_ms >= rate->options.forget_ms)
        e->failures = 0;
    (void)snprintf(e->key, sizeof(e->key), "%s", key);
    if (e->failures < 1000)
        e->failures++;
    e->last_ms = now_ms;
}

void rate_touch(struct rate *rate, const char *key, int64_t now_ms)
{
    size_t i = find(rate, key);

    if (i < rate->options.keys)
        rate->entries[i].last_ms = now_ms;
}

void rate_forgive(struct rate *rate, const char *key)
{
    size_t i = find(rate, key);

    if (i < rate->options.keys)
        rate->entries[i].failures = 0;
}
