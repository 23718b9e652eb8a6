/* The Jobs service meets the test vectors of the contract (section 13). */

#include "jobs_service.h"

/* One second passes between the steps of AWS's own example. */
#define Q(job, queued, numbers)                                                \
    "{\"jobId\":\"" job "\",\"queuedAt\":15911427" queued                      \
    ",\"lastUpdatedAt\":15911427" numbers ",\"executionNumber\":1}"
#define P(job, queued, started, numbers)                                       \
    "{\"jobId\":\"" job "\",\"queuedAt\":15911427" queued                      \
    ",\"startedAt\":15911427" started ",\"lastUpdatedAt\":15911427" numbers    \
    ",\"executionNumber\":1}"
#define V(n) ",\"versionNumber\":" n

static void create_three_and_start_the_first(struct service *service)
{
    create(service, "job1");
    assert_said(service,
        "notify {\"timestamp\":1591142747,\"jobs\":{\"QUEUED\":[" Q("job1",
            "47",
            "47" V(
                "1")) "]}}\n"
                      "notify-next "
                      "{\"timestamp\":1591142747,\"execution\":{\"jobId\":"
                      "\"job1\",\"status\":\"QUEUED\",\"queuedAt\":1591142747,"
                      "\"lastUpdatedAt\":1591142747,\"versionNumber\":1,"
                      "\"executionNumber\":1,\"jobDocument\":" DOC "}}\n");
    pass(service, 1);
    create(service, "job2");
    assert_said(service,
        "notify {\"timestamp\":1591142748,\"jobs\":{\"QUEUED\":[" Q("job1",
            "47", "47" V("1")) "," Q("job2", "48", "48" V("1")) "]}}\n");
    pass(service, 1);
    ask(service, "job1/update", "{\"status\":\"IN_PROGRESS\"}",
        "> job1/update/accepted {\"timestamp\":1591142749}\n");
    pass(service, 1);
    create(service, "job3");
    assert_said(service,
        "notify {\"timestamp\":1591142750,\"jobs\":{\"IN_PROGRESS\":[" P(
            "job1", "47", "49", "49" V("2")) "],\"QUEUED\":[" Q("job2", "48",
            "48" V("1")) "," Q("job3", "50", "50" V("1")) "]}}\n");
}

static void end_the_three(struct service *service)
{
    const struct jobs_admin admin = admin_of(service);
    const struct jobs_choice job3 = {.job = "job3", .thing = THING};

    pass(service, 1);
    ask(service, "job1/update", "{\"status\":\"SUCCEEDED\"}",
        "> job1/update/accepted {\"timestamp\":1591142751}\n"
        "notify {\"timestamp\":1591142751,\"jobs\":{\"QUEUED\":[" Q(
            "job2", "48", "48" V("1")) "," Q("job3", "50",
            "50" V(
                "1")) "]}}\n"
                      "notify-next "
                      "{\"timestamp\":1591142751,\"execution\":{\"jobId\":"
                      "\"job2\",\"status\":\"QUEUED\",\"queuedAt\":1591142748,"
                      "\"lastUpdatedAt\":1591142748,\"versionNumber\":1,"
                      "\"executionNumber\":1,\"jobDocument\":" DOC "}}\n");
    pass(service, 1);
    ask(service, "job3/update", "{\"status\":\"IN_PROGRESS\"}",
        "> job3/update/accepted {\"timestamp\":1591142752}\n"
        "notify-next {\"timestamp\":1591142752,\"execution\":{\"jobId\":"
        "\"job3\",\"status\":\"IN_PROGRESS\",\"queuedAt\":1591142750,"
        "\"startedAt\":1591142752,\"lastUpdatedAt\":1591142752,"
        "\"versionNumber\":2,\"executionNumber\":1,\"jobDocument\":" DOC
        "}}\n");
    pass(service, 1);
    ask(service, "job2/update", "{\"status\":\"REJECTED\"}",
        "> job2/update/accepted {\"timestamp\":1591142753}\n"
        "notify {\"timestamp\":1591142753,\"jobs\":{\"IN_PROGRESS\":[" P(
            "job3", "50", "52", "52" V("2")) "]}}\n");
    pass(service, 1);
    world_forget(&service->world);
    assert_int_equal(jobs_admin_delete(&admin, &job3), ERR_OK);
    assert_said(service,
        "notify {\"timestamp\":1591142754,\"jobs\":{}}\n"
        "notify-next {\"timestamp\":1591142754}\n");
}

static void v15_the_documented_sequence_is_told_message_by_message(void **state)
{
    create_three_and_start_the_first(*state);
    end_the_three(*state);
}

static void v16_a_wrong_version_is_a_mismatch_and_shows_the_state(void **state)
{
    create(*state, "job1");
    tell(*state, "start-next", "{\"statusDetails\":{\"step\":\"1\"}}");
    ask(*state, "job1/update",
        "{\"status\":\"SUCCEEDED\",\"expectedVersion\":1,\"clientToken\":"
        "\"c\"}",
        "> job1/update/rejected {\"code\":\"VersionMismatch\",\"message\":\"The"
        " expected version is not the execution's current version\","
        "\"clientToken\":\"c\"," AT ",\"executionState\":{\"status\":"
        "\"IN_PROGRESS\",\"statusDetails\":{\"step\":\"1\"},"
        "\"versionNumber\":2}}\n");
    ask(*state, "job1/update",
        "{\"status\":\"IN_PROGRESS\",\"expectedVersion\":\"2\","
        "\"includeJobExecutionState\":true}",
        "> job1/update/accepted {\"executionState\":{\"status\":"
        "\"IN_PROGRESS\",\"statusDetails\":{\"step\":\"1\"},"
        "\"versionNumber\":3}," AT "}\n");
}

static void v17_what_succeeded_cannot_be_in_progress_again(void **state)
{
    create(*state, "job1");
    tell(*state, "job1/update", "{\"status\":\"SUCCEEDED\"}");
    ask(*state, "job1/update", "{\"status\":\"IN_PROGRESS\"}",
        "> job1/update/rejected {\"code\":\"InvalidStateTransition\","
        "\"message\":\"The execution's state does not allow this change\"," AT
        ",\"executionState\":{\"status\":\"SUCCEEDED\",\"statusDetails\":{},"
        "\"versionNumber\":2}}\n");
}

static void v18_a_step_that_takes_too_long_is_timed_out_and_told(void **state)
{
    create(*state, "job1");
    tell(*state, "start-next", "{\"stepTimeoutInMinutes\":1}");
    pass(*state, 59);
    assert_said(*state, "");
    pass(*state, 1);
    assert_said(*state,
        "notify {\"timestamp\":1591142807,\"jobs\":{}}\n"
        "notify-next {\"timestamp\":1591142807}\n");
    ask(*state, "job1/update", "{\"status\":\"SUCCEEDED\"}",
        "> job1/update/rejected {\"code\":\"InvalidStateTransition\","
        "\"message\":\"The execution's state does not allow this change\","
        "\"timestamp\":1591142807,\"executionState\":{\"status\":"
        "\"TIMED_OUT\",\"statusDetails\":{},\"versionNumber\":3}}\n");
}

static void v19_starting_twice_gives_the_same_one_unchanged(void **state)
{
    create(*state, "job1");
    create(*state, "job2");
    ask(*state, "start-next",
        "{\"statusDetails\":{\"step\":\"1\"},\"clientToken\":\"c\"}",
        "> start-next/accepted {\"execution\":{\"jobId\":\"job1\","
        "\"thingName\":\"" THING "\",\"jobDocument\":" DOC ",\"status\":"
        "\"IN_PROGRESS\",\"statusDetails\":{\"step\":\"1\"},\"queuedAt\":" S
        ",\"startedAt\":" S ",\"lastUpdatedAt\":" S
        ",\"versionNumber\":2,\"executionNumber\":1}," AT
        ",\"clientToken\":\"c\"}\n");
    ask(*state, "start-next",
        "{\"statusDetails\":{\"step\":\"2\"},\"stepTimeoutInMinutes\":1}",
        "> start-next/accepted {\"execution\":{\"jobId\":\"job1\","
        "\"thingName\":\"" THING "\",\"jobDocument\":" DOC ",\"status\":"
        "\"IN_PROGRESS\",\"statusDetails\":{\"step\":\"1\"},\"queuedAt\":" S
        ",\"startedAt\":" S ",\"lastUpdatedAt\":" S
        ",\"versionNumber\":2,\"executionNumber\":1}," AT "}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(v15_the_documented_sequence_is_told_message_by_message),
        SERVICE_TEST(v16_a_wrong_version_is_a_mismatch_and_shows_the_state),
        SERVICE_TEST(v17_what_succeeded_cannot_be_in_progress_again),
        SERVICE_TEST(v18_a_step_that_takes_too_long_is_timed_out_and_told),
        SERVICE_TEST(v19_starting_twice_gives_the_same_one_unchanged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
