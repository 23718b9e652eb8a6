/* What device/shadow promises its listeners and the cloud. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "core/log.h"
#include "device/shadow.h"
#include "fake_session.h"
#include "loop_wait.h"

#define P "$aws/things/acme:t:1/shadow/"

struct ear {
    struct shadow *shadow;
    int calls;
    int64_t version;
    char text[300];
    bool leaves; /* unwatches while told */
    const char *reports;
};

struct world {
    struct loop *loop;
    struct session *session;
    struct shadow *shadow;
    struct ear ear;
    int stored, refused;
};

static int set_up(void **state)
{
    static struct world world;

    world = (struct world){.loop = loop_new(), .session = fake_session_new()};
    *state = &world;
    if (shadow_new(world.session, world.loop, "acme:t:1", &world.shadow) !=
        ERR_OK)
        return 1;
    world.ear.shadow = world.shadow;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    shadow_free(w->shadow);
    fake_session_free(w->session);
    loop_free(w->loop);
    return 0;
}

static struct json *parse(const char *text)
{
    static const struct json_limits limits = {100000, 20};
    struct json *value = NULL;

    if (json_parse(text, strlen(text), limits, &value) != ERR_OK)
        fail_msg("malformed: %s", text);
    return value;
}

static void on_stored(void *context, bool stored)
{
    struct world *w = context;

    w->stored += stored;
    w->refused += !stored;
}

static enum err report(struct world *w, const char *text)
{
    struct json *value = parse(text);
    enum err e = shadow_report(w->shadow, value, on_stored, w);

    json_free(value);
    return e;
}

static void on_desired(void *context, const struct json *state, int64_t version)
{
    struct ear *ear = context;
    char *text = json_print(state);

    ear->calls++;
    ear->version = version;
    (void)snprintf(ear->text, sizeof(ear->text), "%s", text);
    free(text);
    if (ear->leaves)
        shadow_unwatch(ear->shadow, ear);
    if (ear->reports != NULL) {
        struct json *patch = parse(ear->reports);

        ear->reports = NULL;
        assert_int_equal(shadow_report(ear->shadow, patch, NULL, NULL), ERR_OK);
        json_free(patch);
    }
}

static void watch(struct world *w)
{
    assert_int_equal(shadow_watch(w->shadow, on_desired, &w->ear), ERR_OK);
}

/* The token of the newest get or update. */
static void token_of(const struct fake_letter *letter, char token[65])
{
    struct json *value = parse(letter->payload);

    (void)snprintf(token, 65, "%s", json_text(json_get(value, "clientToken")));
    json_free(value);
}

static void answer(struct world *w, const char *topic, const char *members)
{
    const struct fake_letter *letter = fake_session_last(w->session);
    char token[65], text[500];

    assert_non_null(letter);
    assert_string_equal(letter->topic, P "get");
    token_of(letter, token);
    (void)snprintf(
        text, sizeof(text), "{%s,\"clientToken\":\"%s\"}", members, token);
    assert_int_equal(fake_session_deliver(w->session, topic, text), 1);
}

/* Online and answered: t: 20 is reported, 22 is wanted, version 5. */
static void begin(struct world *w)
{
    fake_session_go(w->session, true, false);
    answer(w, P "get/accepted",
        "\"state\":{\"desired\":{\"t\":22},\"reported\":{\"t\":20}},"
        "\"version\":5");
    loop_wait(w->loop, 1);
}

static void every_connection_begins_with_a_get(void **state)
{
    struct world *w = *state;
    char first[65], second[65];

    assert_int_equal(fake_session_count(w->session), 0);
    fake_session_go(w->session, true, false);
    assert_int_equal(fake_session_count(w->session), 1);
    assert_string_equal(fake_session_last(w->session)->topic, P "get");
    assert_false(fake_session_last(w->session)->kept);
    token_of(fake_session_last(w->session), first);
    fake_session_go(w->session, false, false);
    fake_session_go(w->session, true, true);
    assert_int_equal(fake_session_count(w->session), 2);
    token_of(fake_session_last(w->session), second);
    assert_string_not_equal(first, second);
}

static void a_listener_hears_of_each_change(void **state)
{
    struct world *w = *state;

    watch(w);
    loop_wait(w->loop, 1);
    assert_int_equal(w->ear.calls, 0);
    begin(w);
    assert_int_equal(w->ear.calls, 1);
    assert_string_equal(w->ear.text, "{\"t\":22}");
    assert_int_equal(w->ear.version, 5);
    assert_int_equal(fake_session_deliver(w->session, P "update/delta",
                         "{\"state\":{\"t\":23},\"version\":6}"),
        1);
    assert_int_equal(w->ear.calls, 1);
    loop_wait(w->loop, 1);
    assert_int_equal(w->ear.calls, 2);
    assert_string_equal(w->ear.text, "{\"t\":23}");
}

static void a_late_listener_is_told_what_is_known(void **state)
{
    struct world *w = *state;

    begin(w);
    watch(w);
    assert_int_equal(w->ear.calls, 0);
    loop_wait(w->loop, 1);
    assert_int_equal(w->ear.calls, 1);
    assert_string_equal(w->ear.text, "{\"t\":22}");
}

static void a_listener_that_left_hears_nothing(void **state)
{
    struct world *w = *state;
    struct ear other = {.shadow = w->shadow};

    watch(w);
    assert_int_equal(shadow_watch(w->shadow, on_desired, &other), ERR_OK);
    shadow_unwatch(w->shadow, &w->ear);
    shadow_unwatch(w->shadow, "never added");
    begin(w);
    assert_int_equal(w->ear.calls, 0);
    assert_int_equal(other.calls, 1);
    shadow_unwatch(w->shadow, &other);
}

static void a_listener_may_leave_while_it_is_told(void **state)
{
    struct world *w = *state;
    struct ear other = {.shadow = w->shadow, .leaves = true};

    watch(w);
    assert_int_equal(shadow_watch(w->shadow, on_desired, &other), ERR_OK);
    begin(w);
    assert_int_equal(other.calls, 1);
    assert_int_equal(w->ear.calls, 1);
    (void)fake_session_deliver(
        w->session, P "update/delta", "{\"state\":{\"t\":23},\"version\":6}");
    loop_wait(w->loop, 1);
    assert_int_equal(other.calls, 1);
    assert_int_equal(w->ear.calls, 2);
}

static void a_listener_may_report_while_it_is_told(void **state)
{
    struct world *w = *state;

    w->ear.reports = "{\"t\":22}";
    watch(w);
    begin(w);
    loop_wait(w->loop, 1);
    assert_int_equal(w->ear.calls, 2);
    assert_string_equal(w->ear.text, "{}");
}

static void a_report_goes_through_the_outbox_with_a_token(void **state)
{
    struct world *w = *state;

    begin(w);
    assert_int_equal(report(w, "{\"t\":22}"), ERR_OK);
    assert_string_equal(fake_session_last(w->session)->topic, P "update");
    assert_string_equal(fake_session_last(w->session)->payload,
        "{\"state\":{\"reported\":{\"t\":22}},\"clientToken\":\"device-"
        "1001\"}");
    assert_true(fake_session_last(w->session)->kept);
    assert_false(fake_session_last(w->session)->retain);
    assert_int_equal(w->stored, 0);
    fake_session_commit(w->session, true);
    assert_int_equal(w->stored, 1);
}

static void a_report_while_offline_is_kept_too(void **state)
{
    struct world *w = *state;

    assert_int_equal(report(w, "{\"t\":22}"), ERR_OK);
    assert_true(fake_session_last(w->session)->kept);
    fake_session_commit(w->session, false);
    assert_int_equal(w->refused, 1);
}

static void what_cannot_be_reported_is_refused_and_not_sent(void **state)
{
    struct world *w = *state;

    assert_int_equal(report(w, "{\"t\":[null]}"), ERR_INVALID);
    assert_int_equal(report(w, "7"), ERR_INVALID);
    fake_session_refuse(w->session, ERR_IO);
    assert_int_equal(report(w, "{\"t\":22}"), ERR_IO);
    assert_int_equal(fake_session_count(w->session), 0);
}

static void a_report_the_disk_refused_counts_for_nothing(void **state)
{
    struct world *w = *state;

    watch(w);
    begin(w);
    fake_session_refuse(w->session, ERR_IO);
    assert_int_equal(report(w, "{\"t\":22}"), ERR_IO);
    loop_wait(w->loop, 1);
    assert_int_equal(w->ear.calls, 1);
    assert_string_equal(w->ear.text, "{\"t\":22}");
}

static void a_missing_shadow_is_made_of_what_was_reported(void **state)
{
    struct world *w = *state;

    assert_int_equal(report(w, "{\"t\":22}"), ERR_OK);
    fake_session_go(w->session, true, false);
    answer(w, P "get/rejected", "\"code\":404,\"message\":\"none\"");
    assert_string_equal(fake_session_last(w->session)->payload,
        "{\"state\":{\"reported\":{\"t\":22}},\"clientToken\":\"device-"
        "1002\"}");
    assert_true(fake_session_last(w->session)->kept);
}

static void a_missing_shadow_is_made_empty_when_nothing_was_reported(
    void **state)
{
    struct world *w = *state;

    watch(w);
    fake_session_go(w->session, true, false);
    answer(w, P "get/rejected", "\"code\":404,\"message\":\"none\"");
    assert_string_equal(fake_session_last(w->session)->topic, P "update");
    assert_string_equal(fake_session_last(w->session)->payload,
        "{\"state\":{\"reported\":{}},\"clientToken\":\"device-1001\"}");
    loop_wait(w->loop, 1);
    assert_int_equal(w->ear.calls, 1);
    assert_string_equal(w->ear.text, "{}");
}

static void a_retained_message_is_no_answer(void **state)
{
    struct world *w = *state;

    begin(w);
    fake_session_deliver_retained(
        w->session, P "update/delta", "{\"state\":{\"t\":1},\"version\":9}");
    watch(w);
    loop_wait(w->loop, 1);
    assert_string_equal(w->ear.text, "{\"t\":22}");
}

static void an_overtaken_answer_is_asked_for_again_after_a_second(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    (void)fake_session_deliver(
        w->session, P "update/delta", "{\"state\":{\"t\":23},\"version\":6}");
    answer(w, P "get/accepted", "\"state\":{},\"version\":5");
    assert_int_equal(fake_session_count(w->session), 1);
    loop_wait(w->loop, 1200);
    assert_int_equal(fake_session_count(w->session), 2);
    assert_string_equal(fake_session_last(w->session)->topic, P "get");
}

static void an_answer_that_never_comes_is_asked_for_again(void **state)
{
    struct world *w = *state;

    fake_session_go(w->session, true, false);
    loop_wait(w->loop, 5200);
    assert_int_equal(fake_session_count(w->session), 2);
    fake_session_go(w->session, false, false);
    answer(w, P "get/accepted", "\"state\":{},\"version\":5");
}

static void an_answered_get_is_not_repeated(void **state)
{
    struct world *w = *state;

    begin(w);
    loop_wait(w->loop, 5200);
    assert_int_equal(fake_session_count(w->session), 1);
}

/* What the log says of three lines, in one pipe. */
static void logged_while(
    struct world *w, void (*act)(struct world *), char text[2000])
{
    int ends[2];
    ssize_t len;

    assert_int_equal(pipe(ends), 0);
    log_set_descriptor(ends[1]);
    act(w);
    log_set_descriptor(STDERR_FILENO);
    close(ends[1]);
    len = read(ends[0], text, 1999);
    assert_true(len >= 0);
    text[len] = '\0';
    close(ends[0]);
}

static void refuse_an_update(struct world *w)
{
    (void)fake_session_deliver(w->session, P "update/rejected",
        "{\"code\":409,\"message\":\"Version conflict\","
        "\"clientToken\":\"device-1\"}");
}

static void a_refused_update_is_logged_with_code_and_message(void **state)
{
    char text[2000];

    begin(*state);
    logged_while(*state, refuse_an_update, text);
    assert_string_equal(text,
        "error shadow the cloud refused topic=update/rejected code=409"
        " message=\"Version conflict\"\n");
}

static void send_nonsense(struct world *w)
{
    for (int i = 0; i < 3; i++)
        (void)fake_session_deliver(w->session, P "update/delta", "nonsense");
}

static void nonsense_is_logged_once_a_connection(void **state)
{
    char text[2000];

    begin(*state);
    logged_while(*state, send_nonsense, text);
    assert_string_equal(text,
        "warning shadow ignored what is no shadow message topic=update/delta"
        " bytes=8 (others of this connection are not logged)\n");
}

static void a_shadow_that_cannot_subscribe_is_not_made(void **state)
{
    struct world *w = *state;
    struct session *session = fake_session_new();
    struct shadow *shadow = NULL;

    fake_session_refuse(session, ERR_NO_MEMORY);
    assert_int_equal(shadow_new(session, w->loop, "x", &shadow), ERR_NO_MEMORY);
    assert_null(shadow);
    fake_session_free(session);
}

static void a_thing_name_beyond_a_topic_is_refused(void **state)
{
    struct world *w = *state;
    struct shadow *shadow = NULL;
    char thing[300];

    memset(thing, 'x', sizeof(thing));
    thing[sizeof(thing) - 1] = '\0';
    assert_int_equal(
        shadow_new(w->session, w->loop, thing, &shadow), ERR_TOO_BIG);
    thing[230] = '\0'; /* fits with "get", not with "get/accepted" */
    assert_int_equal(
        shadow_new(w->session, w->loop, thing, &shadow), ERR_TOO_BIG);
    assert_null(shadow);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_connection_begins_with_a_get),
        TEST(a_listener_hears_of_each_change),
        TEST(a_late_listener_is_told_what_is_known),
        TEST(a_listener_that_left_hears_nothing),
        TEST(a_listener_may_leave_while_it_is_told),
        TEST(a_listener_may_report_while_it_is_told),
        TEST(a_report_goes_through_the_outbox_with_a_token),
        TEST(a_report_while_offline_is_kept_too),
        TEST(what_cannot_be_reported_is_refused_and_not_sent),
        TEST(a_report_the_disk_refused_counts_for_nothing),
        TEST(a_missing_shadow_is_made_of_what_was_reported),
        TEST(a_missing_shadow_is_made_empty_when_nothing_was_reported),
        TEST(a_retained_message_is_no_answer),
        TEST(an_overtaken_answer_is_asked_for_again_after_a_second),
        TEST(an_answer_that_never_comes_is_asked_for_again),
        TEST(an_answered_get_is_not_repeated),
        TEST(a_refused_update_is_logged_with_code_and_message),
        TEST(nonsense_is_logged_once_a_connection),
        TEST(a_shadow_that_cannot_subscribe_is_not_made),
        TEST(a_thing_name_beyond_a_topic_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
