/* limits.c */

#include "cloud-mock/lib/limits.h"

#include <string.h>

#include "cloud-mock/lib/topic.h"

static size_t uncounted_slashes(const char *topic)
{
    if (topic_begins_with(topic, "$aws/rules/"))
        return 3;
    if (topic_begins_with(topic, "$aws/commands/"))
        return 1; /* its answers have eight */
    return topic_begins_with(topic, "$share/") ? 2 : 0;
}

enum verdict limits_topic(const char *topic)
{
    size_t allowed = LIMITS_TOPIC_SLASHES + uncounted_slashes(topic);

    return strlen(topic) <= LIMITS_TOPIC_BYTES &&
            topic_slashes(topic) <= allowed
        ? VERDICT_ALLOW
        : VERDICT_REFUSE;
}

enum verdict limits_payload(size_t len)
{
    return len <= LIMITS_PAYLOAD_BYTES ? VERDICT_ALLOW : VERDICT_CLOSE_TOO_BIG;
}
