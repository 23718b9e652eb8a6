/* What device/jobs asks of the cloud and does for it. */

#include "jobs_scene.h"

static void each_connection_asks_also_when_the_session_was_kept(void **state)
{
    struct world *w = *state;

    assert_int_equal(fake_session_count(w->session), 0);
    fake_session_go(w->session, true, false);
    expect_last_topic(w, "start-next");
    assert_int_equal(fake_session_count(w->session), 1);
    fake_session_go(w->session, false, false);
    fake_session_go(w->session, true, true);
    assert_int_equal(fake_session_count(w->session), 2);
    nothing_pending(w);
    assert_int_equal(fake_session_count(w->session), 2);
}

static void a_question_without_an_answer_is_asked_again(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    for (int i = 0; i < PATIENCE && fake_session_count(w->session) < 2; i++)
        loop_wait(w->loop, 20);
    assert_int_equal(fake_session_count(w->session), 2);
    expect_last_topic(w, "start-next");
    answer(w, "start-next/rejected", "start-next/rejected",
        "\"code\":\"RequestThrottled\",");
    nothing_pending(w); /* the timer runs: this would be the next answer */
    loop_wait(w->loop, 100);
    assert_int_equal(fake_session_count(w->session), 2);
}

static void steps_run_in_order_and_are_told(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    start(w, "job-1",
        WITH_FINAL(ARGS("say.sh", "\"one\",\"two words\"") "," STEP(
                       "say.sh", "\"runAsUser\":\"pi\","),
            ARGS("say.sh", "\"last\"")));
    expect_last_topic(w, "job-1/update");
    expect_last_says(w, "\"status\":\"IN_PROGRESS\"");
    expect_last_says(w, "\"step\":\"1/3\"");
    wait_to_hear(w, "SUCCEEDED");
    expect_last_topic(w, "job-1/update");
    expect_last_says(w,
        "{\"statusDetails\":{\"step\":\"3/3\"},"
        "\"status\":\"SUCCEEDED\",\"executionNumber\":1,");
    /* The user comes first, as the AWS IoT Device Client gives it. */
    assert_string_equal(trace_of(w), " one two words\npi\n last\n");
    assert_int_equal(fake_session_count(w->session), 5);
    accept_update(w, "job-1");
    nothing_pending(w);
    assert_int_equal(folder_count(&w->store, "job", NULL), 0);
}

static void a_step_that_fails_ends_the_job(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    start(w, "j",
        WITH_FINAL(
            STEP("fail.sh", "") "," STEP("say.sh", ""), STEP("say.sh", "")));
    wait_to_hear(w, "FAILED");
    expect_last_says(w, "\"step\":\"1/3\"");
    expect_last_says(w, "\"reason\":\"step 1, fail.sh: exit status 3\"");
    assert_string_equal(trace_of(w), "failing\n");
}

static void a_step_that_may_fail_does_not(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    start(w, "j",
        STEPS(STEP("fail.sh", "\"ignoreStepFailure\":\"true\",") "," STEP(
            "say.sh", "")));
    wait_to_hear(w, "SUCCEEDED");
    assert_string_equal(trace_of(w), "failing\n\n");
}

static void what_is_no_document_is_rejected_with_words(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    start(w, "j",
        STEPS("{\"action\":{\"type\":\"runCommand\","
              "\"input\":{\"command\":\"reboot\"}}}"));
    expect_last_says(w, "\"status\":\"REJECTED\"");
    expect_last_says(w, "step 1: action.type: expected \\\"runHandler\\\"");
    accept_update(w, "j");
    start(w, "k", "5");
    expect_last_topic(w, "k/update");
    expect_last_says(w, "REJECTED");
    assert_string_equal(trace_of(w), "");
}

/* The end of a job whose only step is this handler. */
static void expect_failure(
    struct world *w, const char *job, const char *document, const char *words)
{
    start(w, job, document);
    wait_to_hear(w, "FAILED");
    expect_last_says(w, words);
    accept_update(w, job);
}

static void a_handler_that_is_not_the_makers_is_not_run(void **state)
{
    struct world *w = *state;

    write_handler(w, "group.sh", "echo wrong >>$T", 0775);
    write_handler(w, "world.sh", "echo wrong >>$T", 0757);
    write_handler(w, "plain.txt", "echo wrong >>$T", 0644);
    assert_int_equal(mkdir(path_of(w, "folder"), 0755), 0);
    fake_session_go(w->session, true, false);
    expect_failure(
        w, "a", STEPS(STEP("none.sh", "")), "there is no such handler");
    expect_failure(w, "b", STEPS(STEP("group.sh", "")), "others may write it");
    expect_failure(w, "c", STEPS(STEP("world.sh", "")), "others may write it");
    expect_failure(w, "e", STEPS(STEP("folder", "")), "it is no program");
    expect_failure(w, "d", STEPS(STEP("plain.txt", "")), "it is no program");
    assert_int_equal(chmod(w->handlers.path, 0777), 0);
    expect_failure(
        w, "f", STEPS(STEP("say.sh", "")), "others may write the folder");
    assert_int_equal(chmod(w->handlers.path, 0755), 0);
    assert_string_equal(trace_of(w), "");
}

static void a_handler_or_a_folder_of_another_user_is_not_used(void **state)
{
    struct world *w = *state;

    if (geteuid() != 0) { /* who could give files away? */
        print_message("# needs root, to give a file to another user\n");
        skip();
    }
    write_handler(w, "theirs.sh", "echo wrong >>$T", 0755);
    fake_session_go(w->session, true, false);
    assert_int_equal(chown(path_of(w, "theirs.sh"), 65534, 65534), 0);
    expect_failure(w, "a", STEPS(STEP("theirs.sh", "")), "others may write it");
    assert_int_equal(chown(w->handlers.path, 65534, 65534), 0);
    expect_failure(
        w, "b", STEPS(STEP("say.sh", "")), "others may write the folder");
    folder_remove(&w->handlers);
    expect_failure(
        w, "c", STEPS(STEP("say.sh", "")), "the handlers' folder is not there");
    assert_string_equal(trace_of(w), "");
}

static void a_step_that_takes_too_long_is_killed(void **state)
{
    struct world *w = *state;

    w->step_ms = 1000;
    live_again(w);
    write_handler(w, "long.sh", "exec sleep 100", 0755);
    fake_session_go(w->session, true, false);
    start(w, "j", STEPS(STEP("long.sh", "") "," STEP("say.sh", "")));
    wait_to_hear(w, "FAILED");
    expect_last_says(w, "step 1, long.sh: killed after 1 s");
    assert_string_equal(trace_of(w), "");
}

static void a_notice_makes_an_idle_device_ask(void **state)
{
    struct world *w = *state;
    static const char notice[] = "{\"timestamp\":1,\"execution\":"
                                 "{\"jobId\":\"x\",\"status\":\"QUEUED\"}}";

    fake_session_go(w->session, true, false);
    nothing_pending(w);
    assert_int_equal(
        fake_session_deliver(w->session, P "notify-next", "{\"timestamp\":1}"),
        1);
    assert_int_equal(fake_session_count(w->session), 1);
    (void)fake_session_deliver(w->session, P "notify-next", notice);
    assert_int_equal(fake_session_count(w->session), 2);
    write_handler(w, "slow.sh", "sleep 0.2", 0755);
    start(w, "j", STEPS(STEP("slow.sh", "")));
    (void)fake_session_deliver(w->session, P "notify-next", notice);
    expect_last_says(w, "IN_PROGRESS"); /* one at a time */
    wait_to_hear(w, "SUCCEEDED");
}

#define SIXTEEN "0123456789abcdef"
#define LONG    SIXTEEN SIXTEEN SIXTEEN SIXTEEN "x"

static void what_is_no_answer_is_left_alone(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {
        "",
        "{",
        "5",
        "[]",
        "null",
        "{\"clientToken\":5}",
        "{\"clientToken\":\"other\",\"execution\":{\"jobId\":\"j\"}}",
    };
    static const char *const executions[] = {
        "\"execution\":5,",
        "\"execution\":{},",
        "\"execution\":{\"jobId\":\"../x\",\"executionNumber\":1},",
        "\"execution\":{\"jobId\":\"\",\"executionNumber\":1},",
        "\"execution\":{\"jobId\":\"a\",\"executionNumber\":-1},",
        "\"execution\":{\"jobId\":\"a\"},",
        "\"execution\":{\"jobId\":\"" LONG "\",\"executionNumber\":1},",
    };

    fake_session_go(w->session, true, false);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        (void)fake_session_deliver(w->session, P "start-next/accepted", bad[i]);
    log_set_level(LOG_LEVEL_ERROR);
    for (size_t i = 0; i < sizeof(executions) / sizeof(executions[0]); i++)
        answer(w, "start-next/accepted", "start-next/accepted", executions[i]);
    fake_session_deliver_retained(
        w->session, P "start-next/accepted", "{\"execution\":{}}");
    fake_session_deliver_retained(
        w->session, P "notify-next", "{\"execution\":{}}");
    assert_int_equal(fake_session_count(w->session), 1);
    start(w, "j", STEPS(STEP("say.sh", "")));
    wait_to_hear(w, "SUCCEEDED");
    answer(w, "+/update/accepted", "other/update/accepted", "");
    expect_last_topic(w, "j/update"); /* not of this job */
    accept_update(w, "j");
    nothing_pending(w);
}

static void a_name_that_leaves_no_room_is_refused(void **state)
{
    struct world *w = *state;
    char thing[300];
    struct jobs *jobs = NULL;
    struct jobs_options options = {.session = w->session,
        .loop = w->loop,
        .thing = thing,
        .folder = w->store.path,
        .handlers = w->handlers.path,
        .step_ms = 1000};

    memset(thing, 'x', sizeof(thing));
    thing[299] = '\0';
    assert_int_equal(jobs_new(&options, &jobs), ERR_TOO_BIG);
    thing[170] = '\0';
    assert_int_equal(jobs_new(&options, &jobs), ERR_TOO_BIG);
    thing[100] = '\0';
    fake_session_refuse(w->session, ERR_TOO_BIG);
    assert_int_equal(jobs_new(&options, &jobs), ERR_TOO_BIG);
    fake_session_refuse(w->session, ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_connection_asks_also_when_the_session_was_kept),
        TEST(a_question_without_an_answer_is_asked_again),
        TEST(steps_run_in_order_and_are_told),
        TEST(a_step_that_fails_ends_the_job),
        TEST(a_step_that_may_fail_does_not),
        TEST(what_is_no_document_is_rejected_with_words),
        TEST(a_handler_that_is_not_the_makers_is_not_run),
        TEST(a_handler_or_a_folder_of_another_user_is_not_used),
        TEST(a_step_that_takes_too_long_is_killed),
        TEST(a_notice_makes_an_idle_device_ask),
        TEST(what_is_no_answer_is_left_alone),
        TEST(a_name_that_leaves_no_room_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
