/* jobs_message.c */

#include "device/jobs_message.h"

#include <stdio.h>
#include <string.h>

#include "core/log.h"

#define MODULE "jobs"
#define BYTES  (64 * 1024)
#define DEPTH  20

/* {"step":"2/3","reason":"..."} */
static enum err add_details(struct json *details, const struct jobs_record *r)
{
    char step[20];
    enum err e = ERR_OK;

    (void)snprintf(step, sizeof(step), "%zu/%zu", r->step + 1, r->steps);
    if (r->steps > 0)
        e = json_set(details, "step", json_new_string(step));
    if (e == ERR_OK && r->reason[0] != '\0')
        e = json_set(details, "reason", json_new_string(r->reason));
    return e;
}

static enum err add_all(struct json *body, const struct jobs_record *r)
{
    struct json *details = json_new_object();
    enum err e = details == NULL ? ERR_NO_MEMORY : add_details(details, r);

    if (e != ERR_OK) {
        json_free(details);
        return e;
    }
    e = json_set(body, "statusDetails", details);
    if (e == ERR_OK)
        e = json_set(
            body, "status", json_new_string(jobs_outcome_name(r->outcome)));
    return e == ERR_OK
        ? json_set(body, "executionNumber", json_new_number((double)r->number))
        : e;
}

struct json *jobs_message_update(const struct jobs_record *record)
{
    struct json *body = json_new_object();

    if (body == NULL || add_all(body, record) == ERR_OK)
        return body;
    json_free(body);
    return NULL;
}

struct json *jobs_message_read(const struct session_message *in)
{
    static const struct json_limits limits = {BYTES, DEPTH};
    struct json *body = NULL;

    if (!in->retained &&
        json_parse(in->payload, in->len, limits, &body) == ERR_OK)
        return body;
    log_warning(MODULE, "ignored what is no message of jobs topic=%s bytes=%zu",
        in->topic, in->len);
    return NULL;
}

bool jobs_message_is_execution(
    const struct json *execution, const char **id, int64_t *number)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *found = json_text(json_get(execution, "jobId"));
    size_t len = found == NULL ? 0 : strlen(found);

    if (len == 0 || len >= JOBS_ID || strspn(found, allowed) != len ||
        !json_whole(json_get(execution, "executionNumber"), 0, JSON_WHOLE_MAX,
            number)) {
        log_error(MODULE,
            "left alone: an execution without a job's id and its number");
        return false;
    }
    *id = found;
    return true;
}

bool jobs_message_is_temporary(const struct json *refusal, const char *topic)
{
    const char *code = json_text(json_get(refusal, "code"));
    const char *message = json_text(json_get(refusal, "message"));

    log_warning(MODULE,
        "the cloud refused topic=%s code=%.40s message=\"%.200s\"", topic,
        code == NULL ? "" : code, message == NULL ? "" : message);
    return code != NULL &&
        (strcmp(code, "RequestThrottled") == 0 ||
            strcmp(code, "InternalError") == 0);
}
