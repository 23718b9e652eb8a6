/* rate.h - how long somebody who failed must wait: longer with each failure.
 *
 * Pure: the caller brings the clock (milliseconds). */

#ifndef CLOUDD_RATE_H
#define CLOUDD_RATE_H

#include <stddef.h>
#include <stdint.h>

struct rate; /* failures by key, a bounded number of keys */

struct rate_options {
    unsigned free_tries; /* failures before the first wait */
    int64_t first_ms;    /* the first wait; each further failure doubles it */
    int64_t longest_ms;
    int64_t forget_ms; /* after this long without a failure all is forgotten */
    size_t keys;       /* when full, the longest quiet one is forgotten */
};

/* NULL: out of memory. */
struct rate *rate_new(const struct rate_options *options);
void rate_free(struct rate *rate);

/* 0: go ahead. */
int64_t rate_wait_ms(const struct rate *rate, const char *key, int64_t now_ms);
void rate_failed(struct rate *rate, const char *key, int64_t now_ms);
/* The failure counted last turned out now: the wait begins anew. */
void rate_touch(struct rate *rate, const char *key, int64_t now_ms);
void rate_forgive(struct rate *rate, const char *key);

#endif
