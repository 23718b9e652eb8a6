/* jobs.c - load, change, store, answer, notify.  Nothing is answered before it
 * is stored; when the store fails the answer is InternalError and nothing has
 * changed. */

#include "cloud-mock/lib/jobs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/cloud.h"
#include "cloud-mock/lib/jobs_list.h"
#include "cloud-mock/lib/jobs_message.h"
#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/store_registry.h"
#include "core/log.h"

#define MINUTE_MS 60000
/* How long AWS may let a timer's end wait; so long does a failed look. */
#define LOOK_MS 60000

struct jobs {
    struct store *store;
    struct sender *sender;
    struct rates *rates;
    int64_t look_ms; /* when a timer may end */
};

/* One request. */
struct work {
    struct jobs *jobs;
    const struct topic_jobs *topic;
    const struct jobs_request *request;
    int64_t now_ms;
    struct json *body;  /* of the answer that accepts */
    struct json *state; /* executionState of the one that rejects, or NULL */
    struct jobs_list_change change; /* to be told after the answer */
    bool changed;
};

struct jobs *jobs_new(
    struct store *store, struct sender *sender, struct rates *rates)
{
    struct jobs *jobs = calloc(1, sizeof(*jobs));

    if (jobs != NULL)
        *jobs = (struct jobs){store, sender, rates, 0};
    return jobs;
}

void jobs_free(struct jobs *jobs)
{
    free(jobs);
}

static const struct jobs_error *as_error(enum err e)
{
    if (e == ERR_OK)
        return NULL;
    return e == ERR_NOT_FOUND ? &jobs_error_missing : &jobs_error_internal;
}

/* --- changing ------------------------------------------------------------- */

static int64_t due_ms(const struct work *work, const struct store_execution *x)
{
    if (!jobs_list_has(x) ||
        work->request->step_minutes == JOBS_REQUEST_TIMER_CLEARED)
        return 0;
    if (work->request->step_minutes == JOBS_REQUEST_TIMER_STAYS)
        return x->due_ms;
    return work->now_ms + work->request->step_minutes * MINUTE_MS;
}

/* `x` becomes what the request makes of it. */
static enum err change(
    struct work *work, const char *status, struct store_execution *x)
{
    if (work->request->details != NULL) {
        free(x->details);
        x->details = json_print(work->request->details);
        if (x->details == NULL)
            return ERR_NO_MEMORY;
    }
    snprintf(x->status, sizeof(x->status), "%s", status);
    x->version++;
    x->updated_ms = work->now_ms;
    if (x->started_ms == 0 && jobs_list_has(x))
        x->started_ms = work->now_ms;
    x->due_ms = due_ms(work, x);
    return ERR_OK;
}

/* The last step: after it nothing may fail. */
static enum err save(struct work *work, const struct store_execution *x)
{
    struct jobs *jobs = work->jobs;
    enum err e;

    work->change.thing = work->topic->thing;
    work->change.longer_or_shorter = !jobs_list_has(x);
    e = jobs_list_mark(jobs->store, work->topic->thing, &work->change.mark);
    if (e == ERR_OK)
        e = store_set_execution(jobs->store, x);
    work->changed = e == ERR_OK;
    jobs->look_ms = 0;
    return e;
}

/* --- the operations ------------------------------------------------------- */

static const struct jobs_error *get_pending(struct work *work)
{
    const struct store_pending pending = {
        work->topic->thing, LIMITS_JOBS_LISTED};
    struct jobs_lists lists;
    enum err e = jobs_list_read(work->jobs->store, &pending, &lists), e2;

    if (e != ERR_OK)
        return as_error(e);
    e = json_set(work->body, "inProgressJobs", lists.in_progress);
    e2 = json_set(work->body, "queuedJobs", lists.queued);
    return as_error(e == ERR_OK ? e2 : e);
}

static enum err set_execution(struct work *work,
    const struct store_execution *execution, bool with_document)
{
    struct store_job job = {.document = NULL};
    enum err e = with_document
        ? store_get_job(work->jobs->store, execution->job, &job)
        : ERR_OK;

    if (e == ERR_OK)
        e = json_set(work->body, "execution",
            jobs_message_execution(execution, job.document, work->now_ms));
    store_job_free(&job);
    return e;
}

static enum err begin(struct work *work, struct store_execution *x)
{
    enum err e = change(work, "IN_PROGRESS", x);

    if (e == ERR_OK)
        e = set_execution(work, x, true);
    return e == ERR_OK ? save(work, x) : e;
}

static const struct jobs_error *start_next(struct work *work)
{
    struct store_execution x;
    enum err e = jobs_list_first(work->jobs->store, work->topic->thing, &x);

    if (e == ERR_NOT_FOUND) /* nothing to do is no fault */
        return NULL;
    if (e != ERR_OK)
        return &jobs_error_internal;
    if (strcmp(x.status, "QUEUED") == 0)
        e = begin(work, &x);
    else
        e = set_execution(work, &x, true);
    store_execution_free(&x);
    return as_error(e);
}

/* A job is done once on a thing: that is execution 1. */
static enum err find(struct work *work, struct store_execution *out)
{
    if (work->request->execution_number > 1)
        return ERR_NOT_FOUND;
    return store_get_execution(
        work->jobs->store, work->topic->thing, work->topic->job, out);
}

static const struct jobs_error *describe(struct work *work)
{
    const bool next = work->topic->job[0] == '$';
    const struct jobs_error *error = NULL;
    struct store_execution x;
    enum err e = next
        ? jobs_list_first(work->jobs->store, work->topic->thing, &x)
        : find(work, &x);

    if (next && e == ERR_NOT_FOUND)
        return NULL;
    if (e != ERR_OK)
        return as_error(e);
    if (!jobs_list_has(&x))
        error = &jobs_error_terminal;
    else
        error =
            as_error(set_execution(work, &x, work->request->include_document));
    store_execution_free(&x);
    return error;
}

static enum err set_updated(
    struct work *work, const struct store_execution *execution)
{
    struct store_job job;
    enum err e = ERR_OK;

    if (work->request->include_state)
        e = json_set(
            work->body, "executionState", jobs_message_state(execution));
    if (e != ERR_OK || !work->request->include_document)
        return e;
    e = store_get_job(work->jobs->store, execution->job, &job);
    if (e != ERR_OK)
        return e;
    e = jobs_message_set(work->body, "jobDocument", job.document);
    store_job_free(&job);
    return e;
}

static enum err change_to(struct work *work, struct store_execution *x)
{
    enum err e = change(work, work->request->status, x);

    if (e == ERR_OK)
        e = set_updated(work, x);
    return e == ERR_OK ? save(work, x) : e;
}

/* What a test ordered, once: is it this? */
static bool is_ordered(const struct work *work, int64_t code)
{
    struct sender_faults *faults = sender_faults(work->jobs->sender);

    if (faults->jobs_code != code)
        return false;
    faults->jobs_code = 0;
    return true;
}

static const struct jobs_error *judge_update(
    const struct work *work, const struct store_execution *now)
{
    int64_t expected = work->request->expected_version;

    if (is_ordered(work, 409))
        return &jobs_error_version;
    if (expected != JOBS_REQUEST_ANY_VERSION && expected != now->version)
        return &jobs_error_version;
    return jobs_list_has(now) ? NULL : &jobs_error_transition;
}

static const struct jobs_error *update(struct work *work)
{
    const struct jobs_error *error;
    struct store_execution x;
    enum err e = find(work, &x);

    if (e != ERR_OK)
        return as_error(e);
    error = judge_update(work, &x);
    if (error != NULL)
        work->state = jobs_message_state(&x);
    else
        error = as_error(change_to(work, &x));
    store_execution_free(&x);
    return error;
}

/* --- the door ------------------------------------------------------------- */

static const struct jobs_error *judge(struct work *work)
{
    struct store_thing thing;

    if (is_ordered(work, 500))
        return &jobs_error_internal;
    if (is_ordered(work, 429) || !rates_jobs(work->jobs->rates, work->now_ms))
        return &jobs_error_throttled;
    return as_error(
        store_get_thing(work->jobs->store, work->topic->thing, &thing));
}

static const struct jobs_error *perform(struct work *work)
{
    const struct jobs_error *error = judge(work);

    if (error != NULL)
        return error;
    if (work->body == NULL)
        return &jobs_error_internal;
    switch (work->topic->operation) {
    case TOPIC_JOBS_PENDING:
        return get_pending(work);
    case TOPIC_JOBS_START_NEXT:
        return start_next(work);
    case TOPIC_JOBS_DESCRIBE:
        return describe(work);
    case TOPIC_JOBS_UPDATE:
        return update(work);
    case TOPIC_JOBS_UNKNOWN:
        break;
    }
    return &jobs_error_topic;
}

/* Takes the work's body and state. */
static void answer(struct work *work, const struct cloud_message *message,
    const struct jobs_error *error)
{
    const struct jobs_frame frame = {work->now_ms, work->request->token};
    char topic[LIMITS_TOPIC_BYTES + sizeof("/accepted")];

    snprintf(topic, sizeof(topic), "%.*s/%s", LIMITS_TOPIC_BYTES,
        message->topic, error == NULL ? "accepted" : "rejected");
    if (error == NULL) {
        sender_answer(work->jobs->sender, message->client, topic,
            jobs_message_accepted(&frame, work->body));
        return;
    }
    json_free(work->body);
    sender_answer(work->jobs->sender, message->client, topic,
        jobs_message_rejected(&frame, error, work->state));
}

void jobs_request(struct jobs *jobs, const struct topic_jobs *topic,
    const struct cloud_message *message)
{
    struct jobs_request request;
    struct work work = {.jobs = jobs,
        .topic = topic,
        .request = &request,
        .now_ms = sender_now_ms(jobs->sender),
        .body = json_new_object()};
    const struct jobs_error *error = jobs_request_read(
        topic->operation, message->payload, message->len, &request);

    if (error == NULL)
        error = perform(&work);
    answer(&work, message, error);
    if (work.changed)
        jobs_list_tell(jobs->store, jobs->sender, &work.change);
    jobs_request_free(&request);
}

/* --- timers --------------------------------------------------------------- */

static enum err time_out(struct jobs *jobs, struct store_execution *x)
{
    struct jobs_list_change change = {
        .thing = x->thing, .longer_or_shorter = true};
    enum err e = jobs_list_mark(jobs->store, x->thing, &change.mark);

    if (e != ERR_OK)
        return e;
    snprintf(x->status, sizeof(x->status), "TIMED_OUT");
    x->version++;
    x->updated_ms = sender_now_ms(jobs->sender);
    x->due_ms = 0;
    e = store_set_execution(jobs->store, x);
    if (e != ERR_OK)
        return e;
    log_info("jobs", "timed out thing=%s job=%s", x->thing, x->job);
    jobs_list_tell(jobs->store, jobs->sender, &change);
    return ERR_OK;
}

/* End all that are overdue; ERR_OK, or why not. */
static enum err time_out_all(struct jobs *jobs, int64_t now_ms)
{
    struct store_execution x;
    enum err e;

    while ((e = store_overdue_execution(jobs->store, now_ms, &x)) == ERR_OK) {
        e = time_out(jobs, &x);
        store_execution_free(&x);
        if (e != ERR_OK)
            return e;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

void jobs_tick(struct jobs *jobs)
{
    int64_t now_ms = sender_now_ms(jobs->sender);
    int64_t due_ms = INT64_MAX;
    enum err e;

    if (now_ms < jobs->look_ms)
        return;
    e = time_out_all(jobs, now_ms);
    if (e == ERR_OK)
        e = store_next_due(jobs->store, &due_ms);
    jobs->look_ms =
        e == ERR_OK || e == ERR_NOT_FOUND ? due_ms : now_ms + LOOK_MS;
}
