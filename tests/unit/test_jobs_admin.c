/* What a privileged client orders of jobs, and what it is told of them. */

#include "cloud_site.h"

#define OTHER "acme:thermo-1:S2"
#define DOC   "{\"a\":[1,{\"b\":\"c\"}]}"
#define S     "1591142747" /* now */
#define OK    "{\"ok\":true}"

#define ERROR(name, message)                                                   \
    "{\"error\":\"" name "\",\"message\":\"" message "\"}"

static const struct subject second = {"Acme", "Thermo-1", OTHER, "S2"};

/* Two things that are known. */
static int set_up_things(void **state)
{
    struct site *site;

    if (set_up(state) != 0)
        return -1;
    site = *state;
    assert_int_equal(tries(site, &site->acme, &genuine, THING), CLOUD_WELCOME);
    assert_int_equal(tries(site, &site->acme, &second, OTHER), CLOUD_WELCOME);
    return 0;
}

#define JOBS_TEST(test)                                                        \
    cmocka_unit_test_setup_teardown(test, set_up_things, tear_down)

/* Ask for what must be done; what the things heard stays in `said`. */
static void must(struct site *site, const char *request)
{
    ask(site, request);
    assert_true(said(site, "boss $nameplate/cloud/boss/response " OK "\n"));
}

static void create(struct site *site, const char *job)
{
    char request[300];

    (void)snprintf(request, sizeof(request),
        "{\"op\":\"create-job\",\"job\":\"%s\",\"document\":" DOC
        ",\"things\":[\"" THING "\",\"" OTHER "\"]}",
        job);
    must(site, request);
}

static void device_asks(
    struct site *site, const char *tail, const char *payload)
{
    char topic[200];
    const struct cloud_message message = {
        THING, topic, payload, strlen(payload)};

    (void)snprintf(topic, sizeof(topic), "$aws/things/" THING "/jobs/%s", tail);
    world_forget(&site->world);
    cloud_message(site->cloud, &message);
    assert_true(said(site, "/accepted"));
}

static void a_job_is_created_for_things_and_each_is_told(void **state)
{
    struct site *site = *state;

    create(site, "job1");
    assert_true(said(site, "\n$aws/things/" OTHER "/jobs/notify {") ||
        said(site, "$aws/things/" OTHER "/jobs/notify {"));
    assert_true(said(site, "$aws/things/" THING "/jobs/notify-next {"));
    assert_true(said(site, "$aws/things/" OTHER "/jobs/notify-next {"));
    answers(site, "{\"op\":\"job\",\"job\":\"job1\"}",
        "{\"job\":{\"jobId\":\"job1\",\"createdAt\":" S ",\"document\":" DOC
        ",\"executions\":[{\"jobId\":\"job1\",\"thingName\":\"" THING
        "\",\"status\":\"QUEUED\",\"statusDetails\":{},\"queuedAt\":" S
        ",\"lastUpdatedAt\":" S ",\"versionNumber\":1,\"executionNumber\":1},"
        "{\"jobId\":\"job1\",\"thingName\":\"" OTHER
        "\",\"status\":\"QUEUED\",\"statusDetails\":{},\"queuedAt\":" S
        ",\"lastUpdatedAt\":" S
        ",\"versionNumber\":1,\"executionNumber\":1}]}}");
    must(site,
        "{\"op\":\"create-job\",\"job\":\"job2\",\"document\":{},\"thing\":"
        "\"" THING "\"}");
    device_asks(site, "job2/update", "{\"status\":\"FAILED\"}");
    answers(site, "{\"op\":\"jobs\"}",
        "{\"jobs\":[{\"jobId\":\"job1\",\"createdAt\":" S ",\"executions\":{"
        "\"QUEUED\":2}},{\"jobId\":\"job2\",\"createdAt\":" S
        ",\"executions\":{\"FAILED\":1}}]}");
}

#define CREATE(members) "{\"op\":\"create-job\"," members "}"
#define GOOD_DOCUMENT   "\"document\":{}"
#define GOOD_THING      "\"thing\":\"" THING "\""
#define WANT_THINGS                                                            \
    ERROR("invalid",                                                           \
        "expected \\\"thing\\\", a string, or \\\"things\\\", an array of "    \
        "them")
#define WANT_ID                                                                \
    ERROR("invalid",                                                           \
        "\\\"job\\\" is wrong; expected 1 to 64 of a-z A-Z 0-9 _ -")
#define WANT_DOCUMENT                                                          \
    ERROR("invalid", "\\\"document\\\" is missing; expected a JSON object")
#define WANT_JOB ERROR("invalid", "\\\"job\\\" is missing; expected a string")

/* A request, its answer, and so on. */
static const char *const wrong[] = {
    CREATE(GOOD_DOCUMENT "," GOOD_THING),
    WANT_JOB,
    CREATE("\"job\":1," GOOD_DOCUMENT "," GOOD_THING),
    WANT_JOB,
    CREATE("\"job\":\"\"," GOOD_DOCUMENT "," GOOD_THING),
    WANT_ID,
    CREATE("\"job\":\"a:b\"," GOOD_DOCUMENT "," GOOD_THING),
    WANT_ID,
    CREATE("\"job\":\"$next\"," GOOD_DOCUMENT "," GOOD_THING),
    WANT_ID,
    CREATE("\"job\":\"j\"," GOOD_THING),
    WANT_DOCUMENT,
    CREATE("\"job\":\"j\",\"document\":[]," GOOD_THING),
    WANT_DOCUMENT,
    CREATE("\"job\":\"j\"," GOOD_DOCUMENT),
    WANT_THINGS,
    CREATE("\"job\":\"j\"," GOOD_DOCUMENT ",\"thing\":1"),
    WANT_THINGS,
    CREATE("\"job\":\"j\"," GOOD_DOCUMENT ",\"things\":[]"),
    WANT_THINGS,
    CREATE("\"job\":\"j\"," GOOD_DOCUMENT ",\"things\":{}"),
    WANT_THINGS,
    CREATE("\"job\":\"j\"," GOOD_DOCUMENT "," GOOD_THING ",\"things\":[\"" OTHER
           "\"]"),
    WANT_THINGS,
    CREATE("\"job\":\"j\"," GOOD_DOCUMENT ",\"things\":[1]"),
    ERROR("invalid", "\\\"things\\\" is wrong; expected an array of strings"),
    CREATE("\"job\":\"j\"," GOOD_DOCUMENT ",\"things\":[\"" THING "\",\"" THING
           "\"]"),
    ERROR("invalid", "a thing is named more than once"),
    CREATE("\"job\":\"j\"," GOOD_DOCUMENT ",\"things\":[\"" THING
           "\",\"nobody\"]"),
    ERROR("not_found", "there is no such thing: \\\"nobody\\\""),
    CREATE("\"job\":\"job1\"," GOOD_DOCUMENT "," GOOD_THING),
    ERROR("exists",
        "there is such a job already; delete it, or choose another id"),
    "{\"op\":\"job\"}",
    WANT_JOB,
    "{\"op\":\"job\",\"job\":\"j\"}",
    ERROR("not_found", "there is no such job"),
    "{\"op\":\"cancel-job\"}",
    WANT_JOB,
    "{\"op\":\"cancel-job\",\"job\":\"j\"}",
    ERROR("not_found", "there is no such job"),
    "{\"op\":\"cancel-job\",\"job\":\"job1\",\"thing\":\"nobody\"}",
    ERROR("not_found", "the thing has no such job"),
    "{\"op\":\"cancel-job\",\"job\":\"job1\",\"thing\":1}",
    ERROR("invalid", "\\\"thing\\\" is wrong; expected a string"),
    "{\"op\":\"cancel-job\",\"job\":\"job1\",\"force\":1}",
    ERROR("invalid", "\\\"force\\\" is wrong; expected true or false"),
    "{\"op\":\"delete-job\"}",
    WANT_JOB,
    "{\"op\":\"delete-job\",\"job\":\"j\"}",
    ERROR("not_found", "there is no such job"),
    "{\"op\":\"delete-job\",\"job\":\"job1\",\"thing\":\"nobody\"}",
    ERROR("not_found", "the thing has no such job"),
    "{\"op\":\"test-jobs-error\",\"code\":404}",
    ERROR("invalid",
        "\\\"code\\\" is wrong; expected 409, 429, 500 or 0 for none"),
    "{\"op\":\"test-jobs-error\"}",
    ERROR("invalid",
        "\\\"code\\\" is wrong; expected a whole number, at most 599"),
};

static void what_cannot_be_done_is_said_and_told_to_no_thing(void **state)
{
    create(*state, "job1");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i += 2)
        answers(*state, wrong[i], wrong[i + 1]);
    answers(*state, "{\"op\":\"jobs\"}",
        "{\"jobs\":[{\"jobId\":\"job1\",\"createdAt\":" S
        ",\"executions\":{\"QUEUED\":2}}]}");
}

/* A job for `THING` with a document of such a size. */
static void create_large(struct site *site, size_t size, const char *answer)
{
    static const char begin[] = "{\"a\":\"", end[] = "\"}";
    char *request = malloc(size + 300);
    int at, fill = (int)(size - strlen(begin) - strlen(end));

    assert_non_null(request);
    at = sprintf(request,
        "{\"op\":\"create-job\",\"job\":\"j\",\"thing\":\"" THING
        "\",\"document\":%s",
        begin);
    memset(request + at, 'x', (size_t)fill);
    (void)sprintf(request + at + fill, "%s}", end);
    ask(site, request);
    assert_true(said(site, answer));
    free(request);
}

static void a_document_has_at_most_32_kilobytes(void **state)
{
    create_large(*state, 32 * 1024 + 1,
        ERROR("too_big", "\\\"document\\\" is larger than 32 KB"));
    create_large(*state, 32 * 1024, OK);
}

static void a_job_is_for_at_most_100_things(void **state)
{
    struct site *site = *state;
    char request[6000];
    size_t at = (size_t)snprintf(request, sizeof(request),
        "{\"op\":\"create-job\",\"job\":\"j\",\"document\":{},\"things\":[");

    for (int i = 0; i <= 100; i++) {
        struct subject subject = {"Acme", "Thermo-1", NULL, NULL};
        char name[40];

        (void)snprintf(name, sizeof(name), "acme:thermo-1:N%d", i);
        subject.common_name = name;
        subject.serial_number = strrchr(name, ':') + 1;
        assert_int_equal(
            tries(site, &site->acme, &subject, name), CLOUD_WELCOME);
        at += (size_t)snprintf(request + at, sizeof(request) - at, "%s\"%s\"",
            i == 0 ? "" : ",", name);
    }
    (void)snprintf(request + at, sizeof(request) - at, "]}");
    answers(site, request, ERROR("too_big", "a job is for at most 100 things"));
}

#define STATES(one, other)                                                     \
    "{\"jobs\":[{\"jobId\":\"job1\",\"createdAt\":" S                          \
    ",\"executions\":{\"" one "\":1,\"" other "\":1}}]}"

static void cancelling_takes_what_is_queued_and_by_force_the_rest(void **state)
{
    struct site *site = *state;

    create(site, "job1");
    device_asks(site, "start-next", "{\"stepTimeoutInMinutes\":1}");
    answers(site,
        "{\"op\":\"cancel-job\",\"job\":\"job1\",\"thing\":\"" THING "\"}",
        ERROR("conflict",
            "it has ended, or is in progress and \\\"force\\\" is not true"));
    must(site, "{\"op\":\"cancel-job\",\"job\":\"job1\"}");
    assert_true(said(site,
        "$aws/things/" OTHER "/jobs/notify {\"timestamp\":" S
        ",\"jobs\":{}}\n$aws/things/" OTHER
        "/jobs/notify-next {\"timestamp\":" S "}\n"));
    assert_false(said(site, "$aws/things/" THING));
    answers(site, "{\"op\":\"jobs\"}", STATES("IN_PROGRESS", "CANCELED"));
    must(site,
        "{\"op\":\"cancel-job\",\"job\":\"job1\",\"thing\":\"" THING
        "\",\"force\":true}");
    assert_true(said(site, "$aws/things/" THING "/jobs/notify {"));
    answers(site,
        "{\"op\":\"cancel-job\",\"job\":\"job1\",\"thing\":\"" THING
        "\",\"force\":true}",
        ERROR("conflict",
            "it has ended, or is in progress and \\\"force\\\" is not true"));
    answers(site, "{\"op\":\"jobs\"}",
        "{\"jobs\":[{\"jobId\":\"job1\",\"createdAt\":" S
        ",\"executions\":{\"CANCELED\":2}}]}");
    /* It is not timed out any more. */
    world_forget(&site->world);
    site->world.now_ms += 61000;
    cloud_tick(site->cloud);
    assert_string_equal(site->world.said, "");
}

static void deleting_takes_one_execution_or_all_and_the_job(void **state)
{
    struct site *site = *state;

    create(site, "job1");
    create(site, "job2");
    must(site,
        "{\"op\":\"delete-job\",\"job\":\"job1\",\"thing\":\"" THING "\"}");
    assert_true(said(site, "$aws/things/" THING "/jobs/notify {"));
    assert_true(said(site, "$aws/things/" THING "/jobs/notify-next {"));
    assert_false(said(site, "$aws/things/" OTHER));
    device_asks(site, "job2/update", "{\"status\":\"SUCCEEDED\"}");
    must(site, "{\"op\":\"delete-job\",\"job\":\"job2\"}");
    /* What had ended leaves no list; the other's first one stays. */
    assert_false(said(site, "$aws/things/" THING));
    assert_true(said(site, "$aws/things/" OTHER "/jobs/notify {"));
    assert_false(said(site, "$aws/things/" OTHER "/jobs/notify-next {"));
    answers(site, "{\"op\":\"jobs\"}",
        "{\"jobs\":[{\"jobId\":\"job1\",\"createdAt\":" S
        ",\"executions\":{\"QUEUED\":1}}]}");
    must(site, "{\"op\":\"delete-job\",\"job\":\"job1\"}");
    answers(site, "{\"op\":\"jobs\"}", "{\"jobs\":[]}");
    create(site, "job1");
}

static void a_test_orders_an_error_for_the_next_request(void **state)
{
    struct site *site = *state;
    const struct cloud_message message = {
        THING, "$aws/things/" THING "/jobs/get", "", 0};

    must(site, "{\"op\":\"test-jobs-error\",\"code\":500}");
    world_forget(&site->world);
    cloud_message(site->cloud, &message);
    assert_true(said(site, "InternalError"));
    device_asks(site, "get", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOBS_TEST(a_job_is_created_for_things_and_each_is_told),
        JOBS_TEST(what_cannot_be_done_is_said_and_told_to_no_thing),
        JOBS_TEST(a_document_has_at_most_32_kilobytes),
        JOBS_TEST(a_job_is_for_at_most_100_things),
        JOBS_TEST(cancelling_takes_what_is_queued_and_by_force_the_rest),
        JOBS_TEST(deleting_takes_one_execution_or_all_and_the_job),
        JOBS_TEST(a_test_orders_an_error_for_the_next_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
