/* request_jobs.c - what a privileged client asks of jobs. */

#include <stdio.h>
#include <string.h>

#include "cloud-mock/lib/jobs_admin.h"
#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/request_work.h"
#include "cloud-mock/lib/store_registry.h"

static struct jobs_admin admin_of(const struct request_work *work)
{
    return (struct jobs_admin){work->services->store, work->services->sender};
}

/* --- creating ------------------------------------------------------------- */

struct targets {
    const char *things[LIMITS_JOB_TARGETS];
    size_t count;
};

static enum err add_target(struct request_work *work, const struct json *value,
    struct targets *targets)
{
    const char *name = json_text(value);
    struct store_thing thing;
    enum err e;

    if (name == NULL)
        return request_fail(work, ERR_INVALID,
            "\"things\" is wrong; expected an array of strings");
    if (targets->count == LIMITS_JOB_TARGETS)
        return request_fail(
            work, ERR_TOO_BIG, "a job is for at most 100 things");
    for (size_t i = 0; i < targets->count; i++)
        if (strcmp(targets->things[i], name) == 0)
            return request_fail(
                work, ERR_INVALID, "a thing is named more than once");
    e = store_get_thing(work->services->store, name, &thing);
    if (e == ERR_NOT_FOUND)
        snprintf(work->why, sizeof(work->why),
            "there is no such thing: \"%.128s\"", name);
    if (e == ERR_OK)
        targets->things[targets->count++] = name;
    return e;
}

static enum err want_targets(struct request_work *work, struct targets *targets)
{
    const struct json *one = json_get(work->request, "thing");
    const struct json *many = json_get(work->request, "things");
    enum err e = ERR_OK;

    targets->count = 0;
    if (json_is_string(one) && many == NULL)
        return add_target(work, one, targets);
    if (one != NULL || !json_is_array(many) || json_count(many) == 0)
        return request_fail(work, ERR_INVALID,
            "expected \"thing\", a string, or \"things\", an array of them");
    for (const struct json *c = json_first(many); c != NULL && e == ERR_OK;
         c = json_next(c))
        e = add_target(work, c, targets);
    return e;
}

enum err request_create_job(struct request_work *work)
{
    const struct jobs_admin admin = admin_of(work);
    struct targets targets;
    struct jobs_order order = {.document = json_get(work->request, "document"),
        .things = targets.things};
    enum err e = request_want_text(work, "job", &order.job);

    if (e != ERR_OK)
        return e;
    if (!topic_is_job_id(order.job))
        return request_fail(work, ERR_INVALID,
            "\"job\" is wrong; expected 1 to 64 of a-z A-Z 0-9 _ -");
    if (!json_is_object(order.document))
        return request_fail(work, ERR_INVALID,
            "\"document\" is missing; expected a JSON object");
    e = want_targets(work, &targets);
    if (e != ERR_OK)
        return e;
    order.count = targets.count;
    e = jobs_admin_create(&admin, &order);
    if (e == ERR_EXISTS)
        return request_fail(work, e,
            "there is such a job already; delete it, or choose another id");
    if (e == ERR_TOO_BIG)
        return request_fail(work, e, "\"document\" is larger than 32 KB");
    return e == ERR_OK ? request_say_ok(work) : e;
}

/* --- cancelling and deleting ---------------------------------------------- */

static enum err want_choice(
    struct request_work *work, struct jobs_choice *choice)
{
    const struct json *thing = json_get(work->request, "thing");
    const struct json *force = json_get(work->request, "force");

    if (thing != NULL && !json_is_string(thing))
        return request_fail(
            work, ERR_INVALID, "\"thing\" is wrong; expected a string");
    if (force != NULL && !json_is_bool(force))
        return request_fail(
            work, ERR_INVALID, "\"force\" is wrong; expected true or false");
    choice->thing = json_text(thing);
    choice->force = json_is_true(force);
    return request_want_text(work, "job", &choice->job);
}

static enum err say_missing(
    struct request_work *work, const struct jobs_choice *choice)
{
    return request_fail(work, ERR_NOT_FOUND,
        choice->thing == NULL ? "there is no such job"
                              : "the thing has no such job");
}

enum err request_cancel_job(struct request_work *work)
{
    const struct jobs_admin admin = admin_of(work);
    struct jobs_choice choice = {.job = NULL};
    enum err e = want_choice(work, &choice);

    if (e != ERR_OK)
        return e;
    e = jobs_admin_cancel(&admin, &choice);
    if (e == ERR_NOT_FOUND)
        return say_missing(work, &choice);
    if (e == ERR_CONFLICT)
        return request_fail(work, e,
            "it has ended, or is in progress and \"force\" is not true");
    return e == ERR_OK ? request_say_ok(work) : e;
}

enum err request_delete_job(struct request_work *work)
{
    const struct jobs_admin admin = admin_of(work);
    struct jobs_choice choice = {.job = NULL};
    enum err e = want_choice(work, &choice);

    if (e != ERR_OK)
        return e;
    e = jobs_admin_delete(&admin, &choice);
    if (e == ERR_NOT_FOUND)
        return say_missing(work, &choice);
    return e == ERR_OK ? request_say_ok(work) : e;
}

/* --- looking -------------------------------------------------------------- */

enum err request_job(struct request_work *work)
{
    const struct jobs_admin admin = admin_of(work);
    struct json *job = NULL;
    const char *name;
    enum err e = request_want_text(work, "job", &name);

    if (e != ERR_OK)
        return e;
    e = jobs_admin_read(&admin, name, &job);
    if (e == ERR_NOT_FOUND)
        return request_fail(work, e, "there is no such job");
    return e == ERR_OK ? json_set(work->answer, "job", job) : e;
}

enum err request_jobs(struct request_work *work)
{
    const struct jobs_admin admin = admin_of(work);
    struct json *all = NULL;
    enum err e = jobs_admin_read_all(&admin, &all);

    return e == ERR_OK ? json_set(work->answer, "jobs", all) : e;
}
