/* jobs_service.h - the Jobs service in a unit test: a test is a script of what
 * is asked and ordered, and to the byte everything that is said for it. */

#ifndef TESTS_JOBS_SERVICE_H
#define TESTS_JOBS_SERVICE_H

#include "cloud-mock/lib/cloud.h"
#include "cloud-mock/lib/jobs_admin.h"
#include "cloud-mock/lib/store_jobs.h"
#include "service.h"

#define S   "1591142747" /* now */
#define DOC "{\"a\":[1,{\"b\":\"c\"}]}"

/* Topics are written from "jobs/" on: the device asks for itself. */
static inline void ask_bytes(
    struct service *service, const char *tail, const void *payload, size_t len)
{
    char text[300];
    struct topic_jobs topic;
    const struct cloud_message message = {THING, text, payload, len};

    (void)snprintf(text, sizeof(text), "$aws/things/" THING "/jobs/%s", tail);
    assert_true(topic_read_jobs(text, &topic));
    world_forget(&service->world);
    jobs_request(service->jobs, &topic, &message);
}

/* "> " begins what was said to the asking device alone. */
static inline void assert_said(struct service *service, const char *expected)
{
    static const char topic[] = "$aws/things/" THING "/jobs/";
    static const char to[] = THING " $aws/things/" THING "/jobs/";
    char *found = service->world.said;

    while ((found = strstr(found, to)) != NULL) {
        found[0] = '>';
        found[1] = ' ';
        memmove(found + 2, found + strlen(to), strlen(found + strlen(to)) + 1);
    }
    found = service->world.said;
    while ((found = strstr(found, topic)) != NULL)
        memmove(
            found, found + strlen(topic), strlen(found + strlen(topic)) + 1);
    assert_string_equal(service->world.said, expected);
}

/* The answer has this code, and nothing else is said. */
static inline void refuses(struct service *service, const char *tail,
    const char *payload, const char *code)
{
    char begin[300];

    ask_bytes(service, tail, payload, strlen(payload));
    (void)snprintf(begin, sizeof(begin),
        THING " $aws/things/" THING "/jobs/%s/rejected {\"code\":\"%s\"", tail,
        code);
    if (strncmp(service->world.said, begin, strlen(begin)) != 0 ||
        strchr(service->world.said, '\n')[1] != '\0')
        fail_msg("%s %s: expected %s, got %s", tail, payload, code,
            service->world.said);
}

/* Status, details and version of an execution. */
static inline void the_state_is(
    struct service *service, const char *job, const char *expected)
{
    struct store_execution x;
    char text[4000];

    assert_int_equal(
        store_get_execution(service->store, THING, job, &x), ERR_OK);
    (void)snprintf(
        text, sizeof(text), "%s %s %d", x.status, x.details, (int)x.version);
    store_execution_free(&x);
    assert_string_equal(text, expected);
}

static inline struct jobs_admin admin_of(const struct service *service)
{
    return (struct jobs_admin){service->store, service->sender};
}

static inline enum err order(
    struct service *service, const char *job, const char *document)
{
    static const char *const things[] = {THING};
    const struct json_limits limits = {1024 * 1024, 20};
    const struct jobs_admin admin = admin_of(service);
    struct jobs_order order = {.job = job, .things = things, .count = 1};
    struct json *parsed = NULL;
    enum err e;

    assert_int_equal(
        json_parse(document, strlen(document), limits, &parsed), ERR_OK);
    order.document = parsed;
    world_forget(&service->world);
    e = jobs_admin_create(&admin, &order);
    json_free(parsed);
    return e;
}

static inline void create(struct service *service, const char *job)
{
    assert_int_equal(order(service, job, DOC), ERR_OK);
}

static inline enum err delete_job(struct service *service, const char *job)
{
    const struct jobs_admin admin = admin_of(service);
    const struct jobs_choice choice = {.job = job};

    world_forget(&service->world);
    return jobs_admin_delete(&admin, &choice);
}

static inline void pass(struct service *service, int64_t seconds)
{
    service->world.now_ms += seconds * 1000;
    world_forget(&service->world);
    jobs_tick(service->jobs);
}

#endif
