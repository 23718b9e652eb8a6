/* jobs_message.c - the order of members is that of AWS's types. */

#include "cloud-mock/lib/jobs_message.h"

#include <string.h>

static enum err set_text(struct json *object, const char *key, const char *text)
{
    return json_set(object, key, json_new_string(text));
}

static enum err set_number(struct json *object, const char *key, int64_t value)
{
    return json_set(object, key, json_new_number((double)value));
}

static enum err set_seconds(struct json *object, const char *key, int64_t ms)
{
    return set_number(object, key, ms / 1000);
}

enum err jobs_message_set(
    struct json *object, const char *key, const char *text)
{
    /* We wrote it, so only our own limits apply. */
    const struct json_limits limits = {1024 * 1024, 100};
    struct json *value = NULL;
    enum err e = json_parse(text, strlen(text), limits, &value);

    return e == ERR_OK ? json_set(object, key, value) : e;
}

/* Frees `body` when e is an error. */
static struct json *finish(struct json *body, enum err e)
{
    if (e == ERR_OK)
        return body;
    json_free(body);
    return NULL;
}

/* When it was queued, began and changed, and its numbers. */
static enum err set_times(struct json *body, const struct store_execution *x)
{
    enum err e = set_seconds(body, "queuedAt", x->queued_ms);

    if (e == ERR_OK && x->started_ms != 0)
        e = set_seconds(body, "startedAt", x->started_ms);
    if (e == ERR_OK)
        e = set_seconds(body, "lastUpdatedAt", x->updated_ms);
    if (e == ERR_OK)
        e = set_number(body, "versionNumber", x->version);
    if (e == ERR_OK)
        e = set_number(body, "executionNumber", 1);
    return e;
}

struct json *jobs_message_summary(const struct store_execution *x)
{
    struct json *body = json_new_object();
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_text(body, "jobId", x->job);
    if (e == ERR_OK)
        e = set_times(body, x);
    return finish(body, e);
}

struct json *jobs_message_state(const struct store_execution *x)
{
    struct json *body = json_new_object();
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_text(body, "status", x->status);
    if (e == ERR_OK)
        e = jobs_message_set(body, "statusDetails", x->details);
    if (e == ERR_OK)
        e = set_number(body, "versionNumber", x->version);
    return finish(body, e);
}

static enum err set_time_left(
    struct json *body, const struct store_execution *x, int64_t now_ms)
{
    int64_t left_ms = x->due_ms - now_ms;

    if (x->due_ms == 0)
        return ERR_OK;
    return set_seconds(
        body, "approximateSecondsBeforeTimedOut", left_ms < 0 ? 0 : left_ms);
}

struct json *jobs_message_execution(
    const struct store_execution *x, const char *document, int64_t now_ms)
{
    struct json *body = json_new_object();
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_text(body, "jobId", x->job);
    if (e == ERR_OK)
        e = set_text(body, "thingName", x->thing);
    if (e == ERR_OK && document != NULL)
        e = jobs_message_set(body, "jobDocument", document);
    if (e == ERR_OK)
        e = set_text(body, "status", x->status);
    if (e == ERR_OK)
        e = jobs_message_set(body, "statusDetails", x->details);
    if (e == ERR_OK)
        e = set_times(body, x);
    if (e == ERR_OK)
        e = set_time_left(body, x, now_ms);
    return finish(body, e);
}

struct json *jobs_message_next(
    const struct store_execution *x, const char *document)
{
    struct json *body = json_new_object();
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_text(body, "jobId", x->job);
    if (e == ERR_OK)
        e = set_text(body, "status", x->status);
    if (e == ERR_OK)
        e = set_times(body, x);
    if (e == ERR_OK)
        e = jobs_message_set(body, "jobDocument", document);
    return finish(body, e);
}

struct json *jobs_message_accepted(
    const struct jobs_frame *frame, struct json *body)
{
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_seconds(body, "timestamp", frame->now_ms);
    if (e == ERR_OK && frame->token != NULL)
        e = json_set(body, "clientToken", json_clone(frame->token));
    return finish(body, e);
}

struct json *jobs_message_rejected(const struct jobs_frame *frame,
    const struct jobs_error *error, struct json *state)
{
    struct json *body = json_new_object();
    enum err e = body == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK)
        e = set_text(body, "code", error->code);
    if (e == ERR_OK)
        e = set_text(body, "message", error->message);
    if (e == ERR_OK && frame->token != NULL)
        e = json_set(body, "clientToken", json_clone(frame->token));
    if (e == ERR_OK)
        e = set_seconds(body, "timestamp", frame->now_ms);
    if (e != ERR_OK)
        json_free(state);
    else if (state != NULL)
        e = json_set(body, "executionState", state);
    return finish(body, e);
}

struct json *jobs_message_notice(int64_t now_ms)
{
    struct json *body = json_new_object();

    return body == NULL ? NULL
                        : finish(body, set_seconds(body, "timestamp", now_ms));
}
