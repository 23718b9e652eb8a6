/* What device/jobs makes of restarts, refusals and disks that refuse. */

#include "jobs_scene.h"

#define SLEEPY                                                                 \
    STEPS(STEP("say.sh", "") "," STEP("sleepy.sh", "") "," STEP("say.sh", ""))

/* ... and the agent ends while the second one runs. */
static void begin_and_die(struct world *w, const char *progress)
{
    fake_session_go(w->session, true, false);
    start(w, "j", SLEEPY);
    wait_to_hear(w, progress);
    live_again(w);
}

static void a_step_that_takes_the_device_down_is_tried_three_times(void **state)
{
    struct world *w = *state;

    write_handler(w, "sleepy.sh", "echo sleepy >>$T; exec sleep 2", 0755);
    for (int i = 0; i < JOBS_TRIES; i++) {
        begin_and_die(w, "\"step\":\"2/3\"");
        wait_for_trace(w,
            i == 0       ? "\nsleepy\n"
                : i == 1 ? "\nsleepy\nsleepy\n"
                         : "\nsleepy\nsleepy\nsleepy\n");
    }
    fake_session_go(w->session, true, false);
    start(w, "j", SLEEPY);
    expect_last_says(w, "\"status\":\"FAILED\"");
    expect_last_says(w, "ended in this step each time");
    accept_update(w, "j");
    /* The same job once more is a new execution. */
    nothing_pending(w);
}

static void a_job_that_was_begun_and_is_no_more_is_forgotten(void **state)
{
    struct world *w = *state;

    write_handler(w, "sleepy.sh", "exec sleep 1", 0755);
    begin_and_die(w, "\"step\":\"2/3\"");
    assert_int_equal(folder_count(&w->store, "job", NULL), 1);
    fake_session_go(w->session, true, false);
    nothing_pending(w);
    assert_int_equal(folder_count(&w->store, "job", NULL), 0);
}

static void how_it_ended_is_told_also_after_a_restart(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    write_handler(w, "slow.sh", "sleep 0.2; echo slow >>$T", 0755);
    start(w, "j", STEPS(STEP("slow.sh", "")));
    fake_session_go(w->session, false, false); /* it runs on */
    wait_for_trace(w, "slow\n");
    for (int i = 0; i < 10; i++)
        loop_wait(w->loop, 20);
    live_again(w);
    fake_session_go(w->session, true, false);
    expect_last_topic(w, "j/update");
    expect_last_says(w, "\"status\":\"SUCCEEDED\"");
    fake_session_go(w->session, false, false);
    fake_session_go(w->session, true, true);
    expect_last_says(w, "\"status\":\"SUCCEEDED\"");
    refuse_update(w, "j", "InvalidStateTransition"); /* it had come */
    nothing_pending(w);
    assert_string_equal(trace_of(w), "slow\n"); /* once */
}

static void an_end_that_is_throttled_is_told_again(void **state)
{
    struct world *w = *state;
    size_t count;

    fake_session_go(w->session, true, false);
    start(w, "j", STEPS(STEP("say.sh", "")));
    wait_to_hear(w, "SUCCEEDED");
    refuse_update(w, "j", "RequestThrottled");
    expect_last_topic(w, "j/update");
    count = fake_session_count(w->session);
    for (int i = 0; i < PATIENCE && fake_session_count(w->session) == count;
         i++)
        loop_wait(w->loop, 20);
    expect_last_topic(w, "j/update");
    assert_int_equal(fake_session_count(w->session), count + 1);
}

static void a_job_that_the_cloud_ended_begins_no_further_step(void **state)
{
    struct world *w = *state;

    write_handler(w, "slow.sh", "sleep 0.2; echo slow >>$T", 0755);
    fake_session_go(w->session, true, false);
    start(w, "j", STEPS(STEP("slow.sh", "") "," STEP("say.sh", "")));
    expect_last_says(w, "IN_PROGRESS");
    refuse_update(w, "j", "InvalidStateTransition");
    for (int i = 0; i < PATIENCE &&
         strstr(fake_session_last(w->session)->topic, "start-next") == NULL;
         i++)
        loop_wait(w->loop, 20);
    nothing_pending(w);
    assert_string_equal(trace_of(w), "slow\n");
    assert_int_equal(folder_count(&w->store, "job", NULL), 0);
}

static void on_a_disk_that_refuses_no_step_is_begun(void **state)
{
    struct world *w = *state;

    folder_block(&w->store);
    fake_session_go(w->session, true, false);
    start(w, "j", STEPS(STEP("say.sh", "")));
    expect_last_says(w, "\"status\":\"FAILED\"");
    expect_last_says(w, "the disk refuses to note that it begins");
    assert_string_equal(trace_of(w), "");
    accept_update(w, "j");
    nothing_pending(w);
}

/* ... so it need not wait for its next step to hear of it. */
static void a_notice_makes_a_busy_device_look_whether_its_job_is_there(
    void **state)
{
    struct world *w = *state;
    size_t count;

    write_handler(
        w, "wait.sh", "while [ ! -e $T.go ]; do sleep 0.02; done", 0755);
    fake_session_go(w->session, true, false);
    start(w, "j", STEPS(STEP("wait.sh", "") "," STEP("say.sh", "")));
    count = fake_session_count(w->session);
    (void)fake_session_deliver(
        w->session, P "notify-next", "{\"timestamp\":1}");
    assert_int_equal(fake_session_count(w->session), count + 1);
    expect_last_topic(w, "j/update");
    expect_last_says(w, "IN_PROGRESS");
    refuse_update(w, "j", "InvalidStateTransition");
    write_handler(w, "trace.go", "", 0600);
    for (int i = 0; i < PATIENCE &&
         strstr(fake_session_last(w->session)->topic, "start-next") == NULL;
         i++)
        loop_wait(w->loop, 20);
    nothing_pending(w);
    assert_string_equal(trace_of(w), ""); /* say.sh was not begun */
}

static void a_record_that_is_none_is_as_good_as_none(void **state)
{
    struct world *w = *state;
    static const char *const texts[] = {"", "{", "{}",
        "{\"job\":\"j\",\"execution\":1,\"step\":99,\"steps\":3,\"tries\":1,"
        "\"status\":\"FAILED\",\"reason\":\"\"}",
        "{\"job\":\"j\",\"execution\":1,\"step\":1,\"steps\":3,\"tries\":1,"
        "\"status\":\"LOST\",\"reason\":\"\"}"};
    char path[500];

    (void)snprintf(path, sizeof(path), "%s/job", w->store.path);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(
            file_replace(path, texts[i], strlen(texts[i])), ERR_OK);
        live_again(w);
        fake_session_go(w->session, true, false);
        expect_last_topic(w, "start-next");
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0755), 0);
    live_again(w);
    fake_session_go(w->session, true, false);
    expect_last_topic(w, "start-next");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_step_that_takes_the_device_down_is_tried_three_times),
        TEST(a_job_that_was_begun_and_is_no_more_is_forgotten),
        TEST(how_it_ended_is_told_also_after_a_restart),
        TEST(an_end_that_is_throttled_is_told_again),
        TEST(a_job_that_the_cloud_ended_begins_no_further_step),
        TEST(on_a_disk_that_refuses_no_step_is_begun),
        TEST(a_notice_makes_a_busy_device_look_whether_its_job_is_there),
        TEST(a_record_that_is_none_is_as_good_as_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
