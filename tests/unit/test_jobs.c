/* Jobs beyond the vectors: what changes and what stays, timers, the list, and
 * a store that closes or fails (contract section 3). */

#include "jobs_service.h"

#include <sqlite3.h>

#include "cloud-mock/lib/store_sql.h"
#include "folder.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- what an execution may become ----------------------------------------- */

static void only_what_is_pending_changes(void **state)
{
    static const char *const ends[] = {"SUCCEEDED", "FAILED", "REJECTED"};
    char job[20], topic[40], payload[100];

    for (size_t i = 0; i < 2 * COUNT(ends); i++) {
        (void)snprintf(job, sizeof(job), "job%d", (int)i);
        (void)snprintf(topic, sizeof(topic), "%s/update", job);
        (void)snprintf(payload, sizeof(payload), "{\"status\":\"%s\"}",
            ends[i % COUNT(ends)]);
        create(*state, job);
        if (i < COUNT(ends)) {
            tell(*state, topic, "{\"status\":\"IN_PROGRESS\"}");
            tell(*state, topic, "{\"status\":\"IN_PROGRESS\"}");
        }
        tell(*state, topic, payload);
        refuses(*state, topic, payload, "InvalidStateTransition");
        refuses(*state, topic, "{\"status\":\"IN_PROGRESS\"}",
            "InvalidStateTransition");
        (void)snprintf(topic, sizeof(topic), "%s/get", job);
        refuses(*state, topic, "", "TerminalStateReached");
    }
}

static void details_stay_until_they_are_replaced(void **state)
{
    create(*state, "job1");
    tell(*state, "start-next", "{\"statusDetails\":{\"a\":\"1\",\"b\":\"2\"}}");
    tell(*state, "job1/update", "{\"status\":\"IN_PROGRESS\"}");
    the_state_is(*state, "job1", "IN_PROGRESS {\"a\":\"1\",\"b\":\"2\"} 3");
    tell(*state, "job1/update",
        "{\"status\":\"IN_PROGRESS\",\"statusDetails\":{\"b\":\"3\"}}");
    the_state_is(*state, "job1", "IN_PROGRESS {\"b\":\"3\"} 4");
    tell(*state, "job1/update",
        "{\"status\":\"SUCCEEDED\",\"statusDetails\":{}}");
    the_state_is(*state, "job1", "SUCCEEDED {} 5");
}

static void an_update_tells_what_was_asked_to_be_included(void **state)
{
    create(*state, "job1");
    ask(*state, "job1/update",
        "{\"status\":\"FAILED\",\"statusDetails\":{\"why\":\"x\"},"
        "\"includeJobExecutionState\":true,\"includeJobDocument\":true,"
        "\"clientToken\":\"t\"}",
        "> job1/update/accepted {\"executionState\":{\"status\":\"FAILED\","
        "\"statusDetails\":{\"why\":\"x\"},\"versionNumber\":2},"
        "\"jobDocument\":" DOC "," AT ",\"clientToken\":\"t\"}\n"
        "notify {" AT ",\"jobs\":{}}\n"
        "notify-next {" AT "}\n");
}

static void describing_tells_one_execution_and_changes_nothing(void **state)
{
    ask(*state, "$next/get", "{\"clientToken\":\"t\"}",
        "> $next/get/accepted {" AT ",\"clientToken\":\"t\"}\n");
    create(*state, "job1");
    ask(*state, "$next/get", "",
        "> $next/get/accepted {\"execution\":{\"jobId\":\"job1\",\"thingName\":"
        "\"" THING "\",\"jobDocument\":" DOC ",\"status\":\"QUEUED\","
        "\"statusDetails\":{},\"queuedAt\":" S ",\"lastUpdatedAt\":" S
        ",\"versionNumber\":1,\"executionNumber\":1}," AT "}\n");
    ask(*state, "job1/get",
        "{\"executionNumber\":1,\"includeJobDocument\":false}",
        "> job1/get/accepted {\"execution\":{\"jobId\":\"job1\",\"thingName\":"
        "\"" THING "\",\"status\":\"QUEUED\",\"statusDetails\":{},"
        "\"queuedAt\":" S ",\"lastUpdatedAt\":" S ",\"versionNumber\":1,"
        "\"executionNumber\":1}," AT "}\n");
}

/* --- the list ------------------------------------------------------------- */

static void get_lists_both_kinds_the_oldest_first(void **state)
{
    create(*state, "b");
    create(*state, "a");
    create(*state, "c");
    tell(*state, "c/update", "{\"status\":\"IN_PROGRESS\"}");
    ask(*state, "get", "",
        "> get/accepted {\"inProgressJobs\":[{\"jobId\":\"c\",\"queuedAt\":" S
        ",\"startedAt\":" S ",\"lastUpdatedAt\":" S
        ",\"versionNumber\":2,\"executionNumber\":1}],\"queuedJobs\":[{"
        "\"jobId\":\"b\",\"queuedAt\":" S ",\"lastUpdatedAt\":" S
        ",\"versionNumber\":1,\"executionNumber\":1},{\"jobId\":\"a\","
        "\"queuedAt\":" S ",\"lastUpdatedAt\":" S
        ",\"versionNumber\":1,\"executionNumber\":1}]," AT "}\n");
}

static int count_of(const char *text, const char *part)
{
    int count = 0;

    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

static void a_notification_lists_15_and_get_lists_all(void **state)
{
    struct service *service = *state;
    char job[20];

    for (int i = 0; i < 20; i++) {
        (void)snprintf(job, sizeof(job), "job%d", i);
        create(service, job);
    }
    assert_int_equal(count_of(service->world.said, "\"jobId\""), 15);
    assert_int_equal(count_of(service->world.said, "notify"), 1);
    tell(service, "get", "");
    assert_int_equal(count_of(service->world.said, "\"jobId\""), 20);
}

/* --- timers --------------------------------------------------------------- */

static void a_timer_is_set_shown_kept_cleared_and_set_anew(void **state)
{
    create(*state, "job1");
    tell(*state, "start-next", "{\"stepTimeoutInMinutes\":2}");
    pass(*state, 30);
    ask_bytes(*state, "job1/get", "", 0);
    assert_non_null(strstr(((struct service *)*state)->world.said,
        "\"approximateSecondsBeforeTimedOut\":90}"));
    tell(*state, "job1/update", "{\"status\":\"IN_PROGRESS\"}");
    pass(*state, 89);
    the_state_is(*state, "job1", "IN_PROGRESS {} 3");
    tell(*state, "job1/update",
        "{\"status\":\"IN_PROGRESS\",\"stepTimeoutInMinutes\":-1}");
    pass(*state, 1000);
    the_state_is(*state, "job1", "IN_PROGRESS {} 4");
    tell(*state, "job1/update",
        "{\"status\":\"IN_PROGRESS\",\"stepTimeoutInMinutes\":1}");
    pass(*state, 60);
    the_state_is(*state, "job1", "TIMED_OUT {} 6");
    refuses(*state, "job1/get", "", "TerminalStateReached");
}

static void what_has_ended_is_not_timed_out(void **state)
{
    create(*state, "job1");
    tell(*state, "start-next", "{\"stepTimeoutInMinutes\":1}");
    tell(*state, "job1/update",
        "{\"status\":\"SUCCEEDED\",\"stepTimeoutInMinutes\":1}");
    pass(*state, 1000);
    assert_said(*state, "");
    the_state_is(*state, "job1", "SUCCEEDED {} 3");
}

/* The first to be due is not the first on the list. */
static void each_timer_ends_at_its_own_time(void **state)
{
    create(*state, "job1");
    create(*state, "job2");
    tell(*state, "start-next", "{\"stepTimeoutInMinutes\":3}");
    tell(*state, "job2/update",
        "{\"status\":\"IN_PROGRESS\",\"stepTimeoutInMinutes\":1}");
    pass(*state, 60);
    assert_said(*state,
        "notify {\"timestamp\":1591142807,\"jobs\":{\"IN_PROGRESS\":[{"
        "\"jobId\":\"job1\",\"queuedAt\":" S ",\"startedAt\":" S
        ",\"lastUpdatedAt\":" S ",\"versionNumber\":2,\"executionNumber\":1}]"
        "}}\n");
    pass(*state, 119);
    assert_said(*state, "");
    pass(*state, 1);
    assert_said(*state,
        "notify {\"timestamp\":1591142927,\"jobs\":{}}\n"
        "notify-next {\"timestamp\":1591142927}\n");
}

static void the_services_clock_rules_the_timers(void **state)
{
    struct service *service = *state;

    create(service, "job1");
    tell(service, "start-next", "{\"stepTimeoutInMinutes\":10}");
    sender_faults(service->sender)->clock_ms = 10 * 60 * 1000;
    pass(service, 0);
    the_state_is(service, "job1", "TIMED_OUT {} 3");
}

/* --- the store ------------------------------------------------------------ */

static void a_restart_keeps_jobs_details_and_timers(void **state)
{
    struct service *service = malloc(sizeof(*service));
    struct folder folder = {{0}};
    char database[500];

    (void)state;
    assert_non_null(service);
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(database, sizeof(database), "%s/cloud.db", folder.path);
    world_begin(&service->world);
    service_open(service, database);
    register_thing(service, THING);
    create(service, "job1");
    create(service, "job2");
    tell(service, "start-next",
        "{\"statusDetails\":{\"a\":\"1\"},\"stepTimeoutInMinutes\":1}");
    service_close(service);
    service_open(service, database);
    the_state_is(service, "job1", "IN_PROGRESS {\"a\":\"1\"} 2");
    pass(service, 59);
    the_state_is(service, "job1", "IN_PROGRESS {\"a\":\"1\"} 2");
    service_close(service);
    service->world.now_ms += 1000; /* over while nobody looks */
    service_open(service, database);
    pass(service, 0);
    assert_non_null(strstr(service->world.said, "\"jobId\":\"job2\""));
    the_state_is(service, "job1", "TIMED_OUT {\"a\":\"1\"} 3");
    service_close(service);
    free(service);
    folder_remove(&folder);
}

static void run_sql(struct service *service, const char *text)
{
    assert_int_equal(
        sqlite3_exec(service->store->db, text, NULL, NULL, NULL), SQLITE_OK);
}

static void a_store_that_fails_is_an_internal_error(void **state)
{
    struct service *service = *state;

    create(service, "job1");
    run_sql(service, "PRAGMA query_only=1");
    refuses(service, "start-next", "", "InternalError");
    refuses(service, "job1/update", "{\"status\":\"FAILED\"}", "InternalError");
    assert_int_equal(order(service, "job2", DOC), ERR_IO);
    assert_int_equal(delete_job(service, "job1"), ERR_IO);
    assert_said(service, "");
    run_sql(service, "PRAGMA query_only=0");
    the_state_is(service, "job1", "QUEUED {} 1");
    run_sql(service, "DROP TABLE job");
    refuses(service, "start-next", "", "InternalError");
    the_state_is(service, "job1", "QUEUED {} 1");
    run_sql(service, "DROP TABLE execution");
    refuses(service, "get", "", "InternalError");
    refuses(service, "job1/get", "", "InternalError");
    refuses(service, "$next/get", "", "InternalError");
}

/* A timer that cannot be stored ends a minute later, when it can. */
static void a_timer_outlives_a_store_that_fails(void **state)
{
    struct service *service = *state;

    create(service, "job1");
    tell(service, "start-next", "{\"stepTimeoutInMinutes\":1}");
    run_sql(service, "PRAGMA query_only=1");
    pass(service, 60);
    assert_said(service, "");
    run_sql(service, "PRAGMA query_only=0");
    pass(service, 59);
    the_state_is(service, "job1", "IN_PROGRESS {} 2");
    pass(service, 1);
    the_state_is(service, "job1", "TIMED_OUT {} 3");
}

/* --- rates, and faults that tests order ----------------------------------- */

static void the_201st_request_within_a_second_is_throttled(void **state)
{
    struct service *service = *state;

    rates_switch(service->rates, true);
    for (int i = 0; i < 200; i++)
        tell(service, "get", "");
    refuses(service, "get", "", "RequestThrottled");
    service->world.now_ms += 5;
    tell(service, "get", "");
    refuses(service, "get", "", "RequestThrottled");
    rates_switch(service->rates, false);
    tell(service, "get", "");
}

static void an_ordered_error_comes_once(void **state)
{
    struct service *service = *state;
    int64_t *code = &sender_faults(service->sender)->jobs_code;

    create(service, "job1");
    *code = 500;
    refuses(service, "start-next", "", "InternalError");
    *code = 429;
    refuses(service, "get", "", "RequestThrottled");
    *code = 409;
    tell(service, "start-next", "");
    refuses(service, "job1/update", "{\"status\":\"SUCCEEDED\"}",
        "VersionMismatch");
    assert_non_null(strstr(service->world.said,
        "\"executionState\":{\"status\":\"IN_PROGRESS\",\"statusDetails\":{},"
        "\"versionNumber\":2}"));
    tell(service, "job1/update", "{\"status\":\"SUCCEEDED\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(only_what_is_pending_changes),
        SERVICE_TEST(details_stay_until_they_are_replaced),
        SERVICE_TEST(an_update_tells_what_was_asked_to_be_included),
        SERVICE_TEST(describing_tells_one_execution_and_changes_nothing),
        SERVICE_TEST(get_lists_both_kinds_the_oldest_first),
        SERVICE_TEST(a_notification_lists_15_and_get_lists_all),
        SERVICE_TEST(a_timer_is_set_shown_kept_cleared_and_set_anew),
        SERVICE_TEST(what_has_ended_is_not_timed_out),
        SERVICE_TEST(each_timer_ends_at_its_own_time),
        SERVICE_TEST(the_services_clock_rules_the_timers),
        cmocka_unit_test(a_restart_keeps_jobs_details_and_timers),
        SERVICE_TEST(a_store_that_fails_is_an_internal_error),
        SERVICE_TEST(a_timer_outlives_a_store_that_fails),
        SERVICE_TEST(the_201st_request_within_a_second_is_throttled),
        SERVICE_TEST(an_ordered_error_comes_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
