/* pace.c */

#include "cloud/pace.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define ONE          1000 /* a message or a byte */
#define PARTS        10   /* of a second; a bucket holds one */
#define AWS_MESSAGES 90
#define AWS_BYTES    (460 * 1024)
#define PACKET_BYTES 100 /* topic, properties and headers, about */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);

    return len > tail && strcasecmp(text + len - tail, end) == 0;
}

struct pace_limits pace_limits_for(
    const char *host, const struct pace_limits *configured)
{
    struct pace_limits limits = *configured;

    if (!ends_with(host, ".amazonaws.com") &&
        !ends_with(host, ".amazonaws.com.cn"))
        return limits;
    if (limits.messages_per_s == 0)
        limits.messages_per_s = AWS_MESSAGES;
    if (limits.bytes_per_s == 0)
        limits.bytes_per_s = AWS_BYTES;
    return limits;
}

/* At least one message, which may be larger than a tenth of a second's bytes:
 * then the debt is waited for. */
static int64_t room_of(uint32_t per_s)
{
    int64_t room = (int64_t)per_s * ONE / PARTS;

    return room > ONE ? room : ONE;
}

struct pace pace_begin(const struct pace_limits *limits, int64_t now_ms)
{
    return (struct pace){.limits = *limits,
        .at_ms = now_ms,
        .messages = room_of(limits->messages_per_s),
        .bytes = room_of(limits->bytes_per_s)};
}

static void fill(int64_t *level, uint32_t per_s, int64_t passed_ms)
{
    *level += passed_ms * per_s; /* thousandths a millisecond */
    if (*level > room_of(per_s) || per_s == 0)
        *level = room_of(per_s);
}

static void count(struct pace *pace, int64_t now_ms)
{
    int64_t passed = now_ms > pace->at_ms ? now_ms - pace->at_ms : 0;

    fill(&pace->messages, pace->limits.messages_per_s, passed);
    fill(&pace->bytes, pace->limits.bytes_per_s, passed);
    pace->at_ms = now_ms;
}

/* Until the level is at least `least`. */
static int64_t wait_for(int64_t level, int64_t least, uint32_t per_s)
{
    return per_s == 0 || level >= least ? 0
                                        : (least - level + per_s - 1) / per_s;
}

int64_t pace_wait_ms(struct pace *pace, int64_t now_ms)
{
    int64_t messages, bytes;

    count(pace, now_ms);
    messages = wait_for(pace->messages, ONE, pace->limits.messages_per_s);
    bytes = wait_for(pace->bytes, ONE, pace->limits.bytes_per_s);
    return messages > bytes ? messages : bytes;
}

void pace_spend(struct pace *pace, size_t bytes, int64_t now_ms)
{
    count(pace, now_ms);
    pace->messages -= ONE;
    pace->bytes -= ((int64_t)bytes + PACKET_BYTES) * ONE;
}
