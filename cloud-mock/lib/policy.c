/* policy.c - no state, no memory, no database: asked for every message. */

#include "cloud-mock/lib/policy.h"

#include <stddef.h>
#include <string.h>

#include "cloud-mock/lib/topic.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The device publishes requests, the service publishes everything else. */
static const char *const requests[] = {
    "$aws/things/%t/shadow/get",
    "$aws/things/%t/shadow/update",
    "$aws/things/%t/shadow/delete",
    "$aws/things/%t/shadow/name/%s/get",
    "$aws/things/%t/shadow/name/%s/update",
    "$aws/things/%t/shadow/name/%s/delete",
    "$aws/things/%t/jobs/get",
    "$aws/things/%t/jobs/start-next",
    "$aws/things/%t/jobs/%s/get",
    "$aws/things/%t/jobs/%s/update",
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

/* Answers come to the asking client alone; nobody hears another's request. */
static const char *const provisioning_requests[] = {
    "$aws/certificates/create-from-csr/json",
    "$aws/certificates/create/json",
    "$aws/provisioning-templates/%s/provision/json",
};

static const char *const provisioning_answers[] = {
    "$aws/certificates/create-from-csr/json/accepted",
    "$aws/certificates/create-from-csr/json/rejected",
    "$aws/certificates/create/json/accepted",
    "$aws/certificates/create/json/rejected",
    "$aws/provisioning-templates/%s/provision/json/accepted",
    "$aws/provisioning-templates/%s/provision/json/rejected",
};

static const char *const provisioning_filters[] = {
    "$aws/certificates/create-from-csr/json/+",
    "$aws/certificates/create/json/+",
    "$aws/provisioning-templates/%s/provision/json/+",
};

/* Commands (contract section 7): '+' may stand for the execution only. */
static const char *const command_answers[] = {
    "$aws/commands/things/%t/executions/%s/request/json",
    "$aws/commands/things/%t/executions/%s/response/accepted/json",
    "$aws/commands/things/%t/executions/%s/response/rejected/json",
};

static const char *const command_filters[] = {
    "$aws/commands/things/%t/executions/+/request/json",
    "$aws/commands/things/%t/executions/+/response/accepted/json",
    "$aws/commands/things/%t/executions/+/response/rejected/json",
};

static const char *const command_responses[] = {
    "$aws/commands/things/%t/executions/%s/response/json",
};

/* Jobs: what the service says. To everything else below its jobs the device
 * may publish; what maps to no API is answered so. */
static const char *const job_answers[] = {
    "$aws/things/%t/jobs/notify",
    "$aws/things/%t/jobs/notify-next",
    "$aws/things/%t/jobs/get/accepted",
    "$aws/things/%t/jobs/get/rejected",
    "$aws/things/%t/jobs/start-next/accepted",
    "$aws/things/%t/jobs/start-next/rejected",
    "$aws/things/%t/jobs/%s/get/accepted",
    "$aws/things/%t/jobs/%s/get/rejected",
    "$aws/things/%t/jobs/%s/update/accepted",
    "$aws/things/%t/jobs/%s/update/rejected",
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

static bool allows_command(
    const char *thing, enum policy_action action, const char *topic)
{
    bool answer = any(command_answers, COUNT(command_answers), topic, thing);

    switch (action) {
    case POLICY_PUBLISH:
        return any(command_responses, COUNT(command_responses), topic, thing);
    case POLICY_SUBSCRIBE:
        return answer ||
            any(command_filters, COUNT(command_filters), topic, thing);
    case POLICY_RECEIVE:
        return answer;
    }
    return false;
}

bool policy_allows_claim(enum policy_action action, const char *topic)
{
    bool answer =
        any(provisioning_answers, COUNT(provisioning_answers), topic, "");

    switch (action) {
    case POLICY_PUBLISH:
        return any(
            provisioning_requests, COUNT(provisioning_requests), topic, "");
    case POLICY_SUBSCRIBE:
        return answer ||
            any(provisioning_filters, COUNT(provisioning_filters), topic, "");
    case POLICY_RECEIVE:
        return answer;
    }
    return false;
}

bool policy_allows(
    const char *thing, enum policy_action action, const char *topic)
{
    struct topic_jobs jobs;
    bool answer;

    if (is_below(topic, "nameplate/", thing))
        return true;
    if (topic_begins_with(topic, "$aws/commands/"))
        return allows_command(thing, action, topic);
    if (!is_below(topic, "$aws/things/", thing))
        return policy_allows_claim(action, topic); /* for itself */
    answer = any(job_answers, COUNT(job_answers), topic, thing);
    switch (action) {
    case POLICY_PUBLISH:
        return any(requests, COUNT(requests), topic, thing) ||
            (!answer && !topic_has_wildcard(topic) &&
                topic_read_jobs(topic, &jobs));
    case POLICY_SUBSCRIBE:
        return answer || topic_has_wildcard(topic) ||
            any(answers, COUNT(answers), topic, thing) ||
            any(requests, COUNT(requests), topic, thing);
    case POLICY_RECEIVE:
        return true;
    }
    return false;
}
