/* jobs_admin.c - each thing hears of its own change when that is stored. */

#include "cloud-mock/lib/jobs_admin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/jobs_list.h"
#include "cloud-mock/lib/jobs_message.h"
#include "cloud-mock/lib/limits.h"
#include "core/log.h"

/* --- creating ------------------------------------------------------------- */

static enum err mark_all(const struct jobs_admin *admin,
    const struct jobs_order *order, struct jobs_list_mark *marks)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < order->count && e == ERR_OK; i++)
        e = jobs_list_mark(admin->store, order->things[i], &marks[i]);
    return e;
}

static void tell_all(const struct jobs_admin *admin,
    const struct jobs_order *order, const struct jobs_list_mark *marks)
{
    for (size_t i = 0; i < order->count; i++) {
        const struct jobs_list_change change = {
            order->things[i], marks[i], true};

        jobs_list_tell(admin->store, admin->sender, &change);
    }
}

static enum err judge_new(const struct jobs_admin *admin,
    const struct jobs_order *order, const char *document)
{
    struct store_job job;
    enum err e;

    if (document == NULL)
        return ERR_NO_MEMORY;
    if (strlen(document) > LIMITS_JOB_DOCUMENT_BYTES)
        return ERR_TOO_BIG;
    e = store_get_job(admin->store, order->job, &job);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK)
        store_job_free(&job);
    return e == ERR_OK ? ERR_EXISTS : e;
}

enum err jobs_admin_create(
    const struct jobs_admin *admin, const struct jobs_order *order)
{
    struct jobs_list_mark *marks = calloc(order->count, sizeof(*marks));
    struct store_job job = {.created_ms = sender_now_ms(admin->sender),
        .document = json_print(order->document)};
    const struct store_job_order stored = {&job, order->things, order->count};
    enum err e =
        marks == NULL ? ERR_NO_MEMORY : judge_new(admin, order, job.document);

    snprintf(job.id, sizeof(job.id), "%s", order->job);
    if (e == ERR_OK)
        e = mark_all(admin, order, marks);
    if (e == ERR_OK)
        e = store_order_job(admin->store, &stored);
    if (e == ERR_OK) {
        log_info("jobs", "created job=%s things=%zu", job.id, order->count);
        tell_all(admin, order, marks);
    }
    store_job_free(&job);
    free(marks);
    return e;
}

/* --- cancelling and deleting ---------------------------------------------- */

static enum err add_thing(void *context, const struct store_execution *x)
{
    return json_append(context, json_new_string(x->thing));
}

/* The names of the things that were chosen, as an array. */
static enum err choose(const struct jobs_admin *admin,
    const struct jobs_choice *choice, struct json **out)
{
    struct json *things = json_new_array();
    struct store_job job;
    enum err e = things == NULL
        ? ERR_NO_MEMORY
        : store_get_job(admin->store, choice->job, &job);

    if (e == ERR_OK) {
        store_job_free(&job);
        e = choice->thing != NULL
            ? json_append(things, json_new_string(choice->thing))
            : store_each_execution(
                  admin->store, choice->job, add_thing, things);
    }
    if (e == ERR_OK)
        *out = things;
    else
        json_free(things);
    return e;
}

/* What is done to one execution, lent. */
typedef enum err changer(const struct jobs_admin *admin,
    const struct jobs_choice *choice, struct store_execution *execution);

static enum err change_one(const struct jobs_admin *admin,
    const struct jobs_choice *choice, const char *thing, changer *to)
{
    struct jobs_list_change change = {.thing = thing};
    struct store_execution x;
    enum err e = store_get_execution(admin->store, thing, choice->job, &x);

    if (e != ERR_OK)
        return e;
    change.longer_or_shorter = jobs_list_has(&x);
    e = jobs_list_mark(admin->store, thing, &change.mark);
    if (e == ERR_OK)
        e = to(admin, choice, &x);
    if (e == ERR_OK)
        jobs_list_tell(admin->store, admin->sender, &change);
    store_execution_free(&x);
    return e;
}

static enum err cancel(const struct jobs_admin *admin,
    const struct jobs_choice *choice, struct store_execution *x)
{
    if (!jobs_list_has(x) ||
        (strcmp(x->status, "QUEUED") != 0 && !choice->force))
        return ERR_CONFLICT;
    snprintf(x->status, sizeof(x->status), "CANCELED");
    x->version++;
    x->updated_ms = sender_now_ms(admin->sender);
    x->due_ms = 0;
    return store_set_execution(admin->store, x);
}

static enum err delete (const struct jobs_admin *admin,
    const struct jobs_choice *choice, struct store_execution *x) {
    return store_drop_execution(admin->store, x->thing, choice->job);
}

static enum err change_all(const struct jobs_admin *admin,
    const struct jobs_choice *choice, changer *to)
{
    struct json *things;
    enum err e = choose(admin, choice, &things);

    if (e != ERR_OK)
        return e;
    for (const struct json *t = json_first(things); t != NULL && e == ERR_OK;
         t = json_next(t)) {
        e = change_one(admin, choice, json_text(t), to);
        if (e == ERR_CONFLICT && choice->thing == NULL)
            e = ERR_OK;
    }
    json_free(things);
    return e;
}

enum err jobs_admin_cancel(
    const struct jobs_admin *admin, const struct jobs_choice *choice)
{
    return change_all(admin, choice, cancel);
}

enum err jobs_admin_delete(
    const struct jobs_admin *admin, const struct jobs_choice *choice)
{
    enum err e = change_all(admin, choice, delete);

    /* Last, so that one cut short can be repeated. */
    if (e == ERR_OK && choice->thing == NULL)
        e = store_drop_job(admin->store, choice->job);
    return e;
}

/* --- looking -------------------------------------------------------------- */

static enum err begin_job(const struct store_job *job, struct json **out)
{
    struct json *body = json_new_object();
    int64_t created_s = job->created_ms / 1000;
    enum err e = body == NULL
        ? ERR_NO_MEMORY
        : json_set(body, "jobId", json_new_string(job->id));

    if (e == ERR_OK)
        e = json_set(body, "createdAt", json_new_number((double)created_s));
    if (e == ERR_OK)
        *out = body;
    else
        json_free(body);
    return e;
}

struct listing {
    const struct jobs_admin *admin;
    struct json *list;
};

static enum err add_execution(void *context, const struct store_execution *x)
{
    const struct listing *listing = context;

    return json_append(listing->list,
        jobs_message_execution(x, NULL, sender_now_ms(listing->admin->sender)));
}

static enum err set_executions(
    const struct jobs_admin *admin, const char *job, struct json *body)
{
    struct listing listing = {admin, json_new_array()};
    enum err e = listing.list == NULL
        ? ERR_NO_MEMORY
        : store_each_execution(admin->store, job, add_execution, &listing);

    if (e == ERR_OK)
        return json_set(body, "executions", listing.list);
    json_free(listing.list);
    return e;
}

enum err jobs_admin_read(
    const struct jobs_admin *admin, const char *name, struct json **out)
{
    struct json *body = NULL;
    struct store_job job;
    enum err e = store_get_job(admin->store, name, &job);

    if (e != ERR_OK)
        return e;
    e = begin_job(&job, &body);
    if (e == ERR_OK)
        e = jobs_message_set(body, "document", job.document);
    if (e == ERR_OK)
        e = set_executions(admin, name, body);
    store_job_free(&job);
    if (e == ERR_OK)
        *out = body;
    else
        json_free(body);
    return e;
}

static enum err count(void *context, const struct store_execution *x)
{
    struct json *counts = context;
    double so_far = json_number(json_get(counts, x->status));

    return json_set(counts, x->status, json_new_number(so_far + 1));
}

static enum err add_job(void *context, const struct store_job *job)
{
    const struct listing *listing = context;
    struct json *body = NULL;
    enum err e = begin_job(job, &body);

    if (e == ERR_OK)
        e = json_set(body, "executions", json_new_object());
    if (e == ERR_OK)
        e = store_each_execution(listing->admin->store, job->id, count,
            json_get(body, "executions"));
    if (e == ERR_OK)
        return json_append(listing->list, body);
    json_free(body);
    return e;
}

enum err jobs_admin_read_all(const struct jobs_admin *admin, struct json **out)
{
    struct listing listing = {admin, json_new_array()};
    enum err e = listing.list == NULL
        ? ERR_NO_MEMORY
        : store_each_job(admin->store, add_job, &listing);

    if (e == ERR_OK)
        *out = listing.list;
    else
        json_free(listing.list);
    return e;
}
