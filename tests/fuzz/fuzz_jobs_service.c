/* Any bytes published to a thing's jobs: there is one answer, to the asking
 * client alone; everything said is JSON; and a device that only listens to
 * the notifications always knows which job is first and how many wait.
 *
 * The input is cut at each 0xff byte (never in UTF-8) into requests; the first
 * byte of each says which of eight, the rest is the payload. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/cloud.h"
#include "cloud-mock/lib/jobs.h"
#include "cloud-mock/lib/jobs_admin.h"
#include "cloud-mock/lib/jobs_list.h"
#include "cloud-mock/lib/store_registry.h"

#define THING "acme:thermo-1:S1"
#define JOBS  "$aws/things/" THING "/jobs/"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* What a device has heard. */
struct seen {
    int64_t now_ms;
    size_t accepted, rejected;
    char first[TOPIC_JOB_SIZE];
    size_t waiting;
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static void hear_next(struct seen *seen, const struct json *body)
{
    const struct json *execution = json_get(body, "execution");
    const char *job = json_text(json_get(execution, "jobId"));

    must(execution == NULL ||
        (job != NULL && json_is_object(json_get(execution, "jobDocument"))));
    job = job == NULL ? "" : job;
    must(strcmp(job, seen->first) != 0); /* another one than before */
    strcpy(seen->first, job);
}

static void hear_list(struct seen *seen, const struct json *body)
{
    const struct json *jobs = json_get(body, "jobs");
    size_t before = seen->waiting;

    must(json_is_object(jobs));
    seen->waiting = json_count(json_get(jobs, "IN_PROGRESS")) +
        json_count(json_get(jobs, "QUEUED"));
    must(seen->waiting != before);
}

static void on_publish(void *context, const struct seam_message *message)
{
    const struct json_limits limits = {1 << 20, 100};
    struct seen *seen = context;
    struct json *body = NULL;
    const char *last = strrchr(message->topic, '/') + 1;

    must(json_parse(message->payload, message->len, limits, &body) == ERR_OK);
    must(strncmp(message->topic, JOBS, strlen(JOBS)) == 0);
    if (message->to != NULL)
        must(strcmp(message->to, THING) == 0);
    if (strcmp(last, "accepted") == 0 && message->to != NULL)
        seen->accepted++;
    else if (strcmp(last, "rejected") == 0 && message->to != NULL)
        seen->rejected++;
    else if (strcmp(message->topic, JOBS "notify") == 0)
        hear_list(seen, body);
    else if (strcmp(message->topic, JOBS "notify-next") == 0)
        hear_next(seen, body);
    else
        abort();
    json_free(body);
}

static int64_t now_ms(void *context)
{
    const struct seen *seen = context;

    return seen->now_ms;
}

/* What was heard is so. */
static void check(struct store *store, const struct seen *seen)
{
    const struct store_pending pending = {THING, 100};
    struct jobs_lists lists;
    struct jobs_list_mark mark;

    must(jobs_list_mark(store, THING, &mark) == ERR_OK);
    must(jobs_list_read(store, &pending, &lists) == ERR_OK);
    must(strcmp(mark.first, seen->first) == 0);
    must(json_count(lists.in_progress) + json_count(lists.queued) ==
        seen->waiting);
#ifdef PLANT_A_FAULT /* test_jobs_service proves that it would be found */
    must(json_count(lists.in_progress) == 0);
#endif
    json_free(lists.in_progress);
    json_free(lists.queued);
}

static void request(
    struct jobs *jobs, struct seen *seen, const uint8_t *bytes, size_t len)
{
    static const char *const topics[] = {JOBS "get", JOBS "start-next",
        JOBS "$next/get", JOBS "j/get", JOBS "j/update", JOBS "k/update",
        JOBS "j/delete"};
    const size_t which = bytes[0] & 7;
    struct topic_jobs topic;
    struct cloud_message message = {THING, NULL, bytes + 1, len - 1};

    if (which == sizeof(topics) / sizeof(topics[0])) {
        seen->now_ms += 61000;
        jobs_tick(jobs);
        return;
    }
    message.topic = topics[which];
    seen->accepted = seen->rejected = 0;
    must(topic_read_jobs(message.topic, &topic));
    jobs_request(jobs, &topic, &message);
    must(seen->accepted + seen->rejected == 1);
}

static void begin(struct store *store, struct sender *sender)
{
    static const char *const things[] = {THING};
    const struct store_thing thing = {.name = THING};
    const struct store_certificate certificate = {.id = "1"};
    const struct jobs_admin admin = {store, sender};
    struct json *document = json_new_object();
    struct jobs_order order = {"j", document, things, 1};

    must(store_register(store, &thing, &certificate) == ERR_OK);
    must(jobs_admin_create(&admin, &order) == ERR_OK);
    order.job = "k";
    must(jobs_admin_create(&admin, &order) == ERR_OK);
    json_free(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct seen seen = {.now_ms = 1591142747000};
    const struct seam seam = {&seen, now_ms, NULL, on_publish, NULL};
    struct store *store = NULL;
    struct sender *sender = sender_new(&seam);
    struct rates *rates = rates_new(false);
    struct jobs *jobs;

    must(rates != NULL && store_open(":memory:", &store) == ERR_OK);
    begin(store, sender);
    jobs = jobs_new(store, sender, rates);
    while (len > 0) {
        const uint8_t *end = memchr(bytes, 0xff, len);
        size_t n = end == NULL ? len : (size_t)(end - bytes);

        if (n > 0)
            request(jobs, &seen, bytes, n);
        check(store, &seen);
        n += end != NULL;
        bytes += n;
        len -= n;
    }
    jobs_free(jobs);
    rates_free(rates);
    sender_free(sender);
    store_close(store);
    return 0;
}
