/* policy.c - no state, no memory, no database: asked for every message. */

#include "cloud-mock/lib/policy.h"

#include <stddef.h>
#include <string.h>

#include "cloud-mock/lib/topic.h"

#define COMMANDS "$aws/commands/things/"
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The device publishes requests, the service publishes everything else. */
static const char *const requests[] = {
    "$aws/things/%t/shadow/get",
    "$aws/things/%t/shadow/update",
    "$aws/things/%t/shadow/delete",
    "$aws/things/%t/shadow/name/%s/get",
    "$aws/things/%t/shadow/name/%s/update",
    "$aws/things/%t/shadow/name/%s/delete",
};

static const char *const answers[] = {
    "$aws/things/%t/shadow/get/accepted",
    "$aws/things/%t/shadow/get/rejected",
    "$aws/things/%t/shadow/update/accepted",
    "$aws/things/%t/shadow/update/rejected",
    "$aws/things/%t/shadow/update/delta",
    "$aws/things/%t/shadow/update/documents",
    "$aws/things/%t/shadow/delete/accepted",
    "$aws/things/%t/shadow/delete/rejected",
    "$aws/things/%t/shadow/name/%s/get/accepted",
    "$aws/things/%t/shadow/name/%s/get/rejected",
    "$aws/things/%t/shadow/name/%s/update/accepted",
    "$aws/things/%t/shadow/name/%s/update/rejected",
    "$aws/things/%t/shadow/name/%s/update/delta",
    "$aws/things/%t/shadow/name/%s/update/documents",
    "$aws/things/%t/shadow/name/%s/delete/accepted",
    "$aws/things/%t/shadow/name/%s/delete/rejected",
};

static bool any(const char *const *patterns, size_t count, const char *topic,
    const char *thing)
{
    for (size_t i = 0; i < count; i++)
        if (topic_matches(topic, patterns[i], thing))
            return true;
    return false;
}

/* Is it prefix + thing + "/" + something? */
static bool is_below(const char *topic, const char *prefix, const char *thing)
{
    size_t len = strlen(thing);

    if (!topic_begins_with(topic, prefix))
        return false;
    topic += strlen(prefix);
    return strncmp(topic, thing, len) == 0 && topic[len] == '/' &&
        topic[len + 1] != '\0';
}

/* Contract section 7; '+' stands for the execution id only. */
static bool allows_command(
    const char *thing, enum policy_action action, const char *topic)
{
    static const char *const subscribed[] = {
        COMMANDS "%t/executions/+/request/json",
        COMMANDS "%t/executions/%s/request/json",
        COMMANDS "%t/executions/+/response/accepted/json",
        COMMANDS "%t/executions/+/response/rejected/json",
        COMMANDS "%t/executions/%s/response/accepted/json",
        COMMANDS "%t/executions/%s/response/rejected/json",
    };

    switch (action) {
    case POLICY_PUBLISH:
        return topic_matches(
            topic, COMMANDS "%t/executions/%s/response/json", thing);
    case POLICY_SUBSCRIBE:
        return any(subscribed, COUNT(subscribed), topic, thing);
    case POLICY_RECEIVE:
        return true;
    }
    return false;
}

bool policy_allows(
    const char *thing, enum policy_action action, const char *topic)
{
    if (is_below(topic, "nameplate/", thing))
        return true;
    if (is_below(topic, COMMANDS, thing))
        return allows_command(thing, action, topic);
    if (!is_below(topic, "$aws/things/", thing))
        return false;
    switch (action) {
    case POLICY_PUBLISH:
        return any(requests, COUNT(requests), topic, thing);
    case POLICY_SUBSCRIBE:
        return topic_has_wildcard(topic) ||
            any(answers, COUNT(answers), topic, thing) ||
            any(requests, COUNT(requests), topic, thing);
    case POLICY_RECEIVE:
        return true;
    }
    return false;
}
