/* pace.h - how fast a connection may talk, so that its broker does not end it.
 *
 * AWS IoT takes 100 messages and 512 KiB a second of one connection, in and out
 * together.  Two buckets of a tenth of a second's worth; what could not wait
 * (what came in, say) is only counted, and what follows waits for it.  Pure. */

#ifndef CLOUD_PACE_H
#define CLOUD_PACE_H

#include <stddef.h>
#include <stdint.h>

struct pace_limits {
    uint32_t messages_per_s; /* 0: no limit */
    uint32_t bytes_per_s;    /* likewise */
};

struct pace {
    struct pace_limits limits;
    int64_t at_ms;           /* when these were counted: */
    int64_t messages, bytes; /* thousandths; below 0: in debt */
};

/* What is configured, where that is 0 what the broker's name stands for: a
 * little below AWS IoT's limits for *.amazonaws.com, else nothing. */
struct pace_limits pace_limits_for(
    const char *host, const struct pace_limits *configured);

struct pace pace_begin(const struct pace_limits *limits, int64_t now_ms);

/* Milliseconds until something may go; 0: now. */
int64_t pace_wait_ms(struct pace *pace, int64_t now_ms);

/* A message with a payload of so many bytes went or came. */
void pace_spend(struct pace *pace, size_t bytes, int64_t now_ms);

#endif
