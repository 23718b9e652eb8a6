/* Actions that applications do: the first answer counts, and none is owed. */

#include "device/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "fake_session.h"
#include "loop_wait.h"

#define P      "$aws/commands/things/acme:t:1/executions/"
#define FILTER P "+/request/json"
#define TD     "{\"actions\":{\"ring\":{},\"unlock\":{\"nameplate:private\":true}}}"

struct scene {
    struct loop *loop;
    struct session *session;
    struct commands *commands;
    struct calls *calls;
    char called[200], id[CALLS_ID], answered[200];
    int asked, answers;
};

static void on_called(
    void *context, const char *id, const char *action, const struct json *input)
{
    struct scene *s = context;
    char *text = input == NULL ? NULL : json_print(input);

    (void)snprintf(s->id, sizeof(s->id), "%s", id);
    (void)snprintf(s->called, sizeof(s->called), "%s %s", action,
        text == NULL ? "-" : text);
    free(text);
}

static void on_answered(void *context, const struct json *output,
    const char *code, const char *words)
{
    struct scene *s = context;
    char *text = output == NULL ? NULL : json_print(output);

    (void)words;
    s->answers++;
    (void)snprintf(s->answered, sizeof(s->answered), "%s %s",
        code == NULL ? "ok" : code, text == NULL ? "-" : text);
    free(text);
}

static int set_up(void **state)
{
    static struct scene scene;
    struct json *td;

    scene = (struct scene){.loop = loop_new(), .session = fake_session_new()};
    *state = &scene;
    if (json_parse(TD, strlen(TD), (struct json_limits){900, 9}, &td) !=
            ERR_OK ||
        commands_new(scene.session, "acme:t:1", &scene.commands) != ERR_OK ||
        calls_new(scene.loop, scene.commands, td, &scene.calls) != ERR_OK)
        return 1;
    json_free(td);
    fake_session_go(scene.session, true, false);
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    calls_free(s->calls);
    commands_free(s->commands);
    fake_session_free(s->session);
    loop_free(s->loop);
    return 0;
}

static enum err start(struct scene *s, const char *action, bool may_private)
{
    const struct calls_request request = {action, NULL, may_private};

    return calls_start(s->calls, &request, on_answered, s);
}

static const char *command(struct scene *s, const char *payload)
{
    const struct fake_letter *last;
    char topic[300];

    (void)snprintf(topic, sizeof(topic), P "e%d/request/json", s->asked++);
    (void)fake_session_deliver_to(s->session, FILTER, topic, payload);
    last = fake_session_last(s->session);
    return last == NULL ? "" : last->payload;
}

static enum err done(struct scene *s, const char *output, const char *words)
{
    struct json *value = NULL;
    enum err e;

    if (output != NULL)
        assert_int_equal(json_parse(output, strlen(output),
                             (struct json_limits){900, 9}, &value),
            ERR_OK);
    e = calls_done(s->calls, s->id, value, words);
    json_free(value);
    return e;
}

static void the_first_answer_counts(void **state)
{
    struct scene *s = *state;

    assert_int_equal(calls_watch(s->calls, on_called, s), ERR_OK);
    assert_int_equal(start(s, "unlock", true), ERR_OK);
    assert_string_equal(s->called, "unlock -");
    assert_int_equal(done(s, "[1]", NULL), ERR_OK);
    assert_int_equal(done(s, "[2]", NULL), ERR_NOT_FOUND);
    assert_string_equal(s->answered, "ok [1]");
    assert_int_equal(s->answers, 1);
}

static void an_application_may_say_that_it_failed(void **state)
{
    struct scene *s = *state;

    assert_int_equal(calls_watch(s->calls, on_called, s), ERR_OK);
    assert_int_equal(start(s, "ring", false), ERR_OK);
    assert_int_equal(done(s, NULL, "the bell is gone"), ERR_OK);
    assert_string_equal(s->answered, "ACTION_FAILED -");
}

static void an_unknown_or_private_action_and_a_lonely_one_are_refused(
    void **state)
{
    struct scene *s = *state;

    assert_int_equal(start(s, "ring", false), ERR_NOT_FOUND);
    assert_int_equal(calls_watch(s->calls, on_called, s), ERR_OK);
    assert_int_equal(start(s, "fly", true), ERR_INVALID);
    assert_int_equal(start(s, "unlock", false), ERR_INVALID);
    calls_unwatch(s->calls, s);
    assert_int_equal(start(s, "ring", false), ERR_NOT_FOUND);
}

static void a_command_calls_what_is_not_private(void **state)
{
    struct scene *s = *state;

    assert_non_null(
        strstr(command(s, "{\"action\":\"invoke\",\"name\":\"ring\"}"),
            "NO_APPLICATION"));
    assert_int_equal(calls_watch(s->calls, on_called, s), ERR_OK);
    assert_non_null(
        strstr(command(s, "{\"action\":\"invoke\",\"name\":\"unlock\"}"),
            "\"INVALID\""));
    assert_non_null(
        strstr(command(s, "{\"action\":\"invoke\"}"), "\"INVALID\""));
    (void)command(
        s, "{\"action\":\"invoke\",\"name\":\"ring\",\"input\":{\"n\":2}}");
    assert_string_equal(s->called, "ring {\"n\":2}");
    assert_int_equal(done(s, "{\"rang\":true}", NULL), ERR_OK);
    assert_string_equal(fake_session_last(s->session)->payload,
        "{\"status\":\"SUCCEEDED\",\"result\":{\"answer\":"
        "{\"s\":\"{\\\"rang\\\":true}\"}}}");
}

static void sixteen_are_unanswered_at_most_and_all_are_at_the_end(void **state)
{
    struct scene *s = *state;

    assert_int_equal(calls_watch(s->calls, on_called, s), ERR_OK);
    for (int i = 0; i < CALLS_MOST; i++)
        assert_int_equal(start(s, "ring", false), ERR_OK);
    assert_int_equal(start(s, "ring", false), ERR_AGAIN);
    calls_free(s->calls);
    s->calls = NULL;
    assert_int_equal(s->answers, CALLS_MOST);
    assert_string_equal(s->answered, "NO_RESPONSE -");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_answer_counts),
        TEST(an_application_may_say_that_it_failed),
        TEST(an_unknown_or_private_action_and_a_lonely_one_are_refused),
        TEST(a_command_calls_what_is_not_private),
        TEST(sixteen_are_unanswered_at_most_and_all_are_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
