/* jobs_list.c */

#include "cloud-mock/lib/jobs_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/jobs_message.h"
#include "cloud-mock/lib/limits.h"
#include "core/log.h"

bool jobs_list_has(const struct store_execution *execution)
{
    return strcmp(execution->status, "QUEUED") == 0 ||
        strcmp(execution->status, "IN_PROGRESS") == 0;
}

/* Take over the one that is lent. */
static enum err keep(void *context, const struct store_execution *execution)
{
    struct store_execution *out = context;
    char *details = strdup(execution->details);

    if (details == NULL)
        return ERR_NO_MEMORY;
    *out = *execution;
    out->details = details;
    return ERR_OK;
}

enum err jobs_list_first(
    struct store *store, const char *thing, struct store_execution *out)
{
    const struct store_pending pending = {thing, 1};
    struct store_execution first = {.details = NULL};
    enum err e = store_each_pending(store, &pending, keep, &first);

    if (e == ERR_OK && first.details == NULL)
        return ERR_NOT_FOUND;
    if (e == ERR_OK)
        *out = first;
    return e;
}

static enum err add(void *context, const struct store_execution *execution)
{
    struct jobs_lists *lists = context;

    return json_append(strcmp(execution->status, "QUEUED") == 0
            ? lists->queued
            : lists->in_progress,
        jobs_message_summary(execution));
}

enum err jobs_list_read(struct store *store,
    const struct store_pending *pending, struct jobs_lists *out)
{
    struct jobs_lists lists = {json_new_array(), json_new_array()};
    enum err e = lists.in_progress != NULL && lists.queued != NULL
        ? store_each_pending(store, pending, add, &lists)
        : ERR_NO_MEMORY;

    if (e == ERR_OK) {
        *out = lists;
        return ERR_OK;
    }
    json_free(lists.in_progress);
    json_free(lists.queued);
    return e;
}

enum err jobs_list_mark(
    struct store *store, const char *thing, struct jobs_list_mark *mark)
{
    struct store_execution first;
    enum err e = jobs_list_first(store, thing, &first);

    mark->first[0] = '\0';
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e != ERR_OK)
        return e;
    memcpy(mark->first, first.job, sizeof(mark->first));
    store_execution_free(&first);
    return ERR_OK;
}

/* Takes `list`. */
static enum err set_unless_empty(
    struct json *jobs, const char *key, struct json *list)
{
    if (json_count(list) > 0)
        return json_set(jobs, key, list);
    json_free(list);
    return ERR_OK;
}

static enum err set_list(
    struct json *body, struct store *store, const char *thing)
{
    const struct store_pending pending = {thing, LIMITS_JOBS_NOTIFIED};
    struct jobs_lists lists;
    struct json *jobs = json_new_object();
    enum err e, e2;

    if (jobs == NULL)
        return ERR_NO_MEMORY;
    e = jobs_list_read(store, &pending, &lists);
    if (e == ERR_OK) {
        e = set_unless_empty(jobs, "IN_PROGRESS", lists.in_progress);
        e2 = set_unless_empty(jobs, "QUEUED", lists.queued);
        e = e == ERR_OK ? e2 : e;
    }
    if (e == ERR_OK)
        return json_set(body, "jobs", jobs);
    json_free(jobs);
    return e;
}

static enum err set_next(
    struct json *body, struct store *store, const struct store_execution *first)
{
    struct store_job job;
    enum err e = store_get_job(store, first->job, &job);

    if (e != ERR_OK)
        return e;
    e = json_set(body, "execution", jobs_message_next(first, job.document));
    store_job_free(&job);
    return e;
}

/* Takes `body`. */
static void publish(struct sender *sender, const char *thing, const char *tail,
    struct json *body, enum err e)
{
    char topic[LIMITS_TOPIC_BYTES];

    snprintf(topic, sizeof(topic), "$aws/things/%s/jobs/%s", thing, tail);
    if (e == ERR_OK) {
        sender_publish(sender, topic, body);
        return;
    }
    json_free(body);
    log_error("jobs", "lost topic=%s error=%s", topic, err_name(e));
}

static void tell_list(
    struct store *store, struct sender *sender, const char *thing)
{
    struct json *body = jobs_message_notice(sender_now_ms(sender));
    enum err e = body == NULL ? ERR_NO_MEMORY : set_list(body, store, thing);

    publish(sender, thing, "notify", body, e);
}

static void tell_next(struct store *store, struct sender *sender,
    const struct jobs_list_change *change)
{
    struct store_execution first = {.job = ""};
    enum err e = jobs_list_first(store, change->thing, &first);
    struct json *body;

    if ((e == ERR_OK || e == ERR_NOT_FOUND) &&
        strcmp(first.job, change->mark.first) == 0) {
        store_execution_free(&first);
        return;
    }
    body = jobs_message_notice(sender_now_ms(sender));
    if (body == NULL)
        e = ERR_NO_MEMORY;
    else if (e == ERR_OK)
        e = set_next(body, store, &first);
    else if (e == ERR_NOT_FOUND)
        e = ERR_OK;
    publish(sender, change->thing, "notify-next", body, e);
    store_execution_free(&first);
}

void jobs_list_tell(struct store *store, struct sender *sender,
    const struct jobs_list_change *change)
{
    if (change->longer_or_shorter)
        tell_list(store, sender, change->thing);
    tell_next(store, sender, change);
}
