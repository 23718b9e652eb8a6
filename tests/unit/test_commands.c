/* What cloud/commands promises its handlers and the cloud. */

#include "cloud/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "core/log.h"
#include "fake_session.h"

#define P      "$aws/commands/things/acme:t:1/executions/"
#define FILTER P "+/request/json"

struct world {
    struct session *session;
    struct commands *commands;
    struct command *held[40];
    size_t held_count;
    int calls;
    char heard[200];
};

static void answer_at_once(
    void *context, struct command *command, const struct json *request)
{
    struct world *w = context;
    struct json *answer = json_new_object();

    w->calls++;
    (void)snprintf(
        w->heard, sizeof(w->heard), "%s", json_text(json_get(request, "word")));
    assert_int_equal(
        json_set(answer, "call", json_new_number(w->calls)), ERR_OK);
    commands_reply(command,
        &(struct commands_answer){COMMANDS_SUCCEEDED, NULL, NULL, answer});
}

static void hold(
    void *context, struct command *command, const struct json *request)
{
    struct world *w = context;

    (void)request;
    w->held[w->held_count++] = command;
}

static void answer_much(
    void *context, struct command *command, const struct json *request)
{
    char *text = malloc(60001);

    (void)context;
    (void)request;
    assert_non_null(text);
    memset(text, 'x', 60000);
    text[60000] = '\0';
    commands_reply(command,
        &(struct commands_answer){
            COMMANDS_SUCCEEDED, NULL, NULL, json_new_string(text)});
    free(text);
}

static int set_up(void **state)
{
    static struct world world;

    log_set_level(LOG_LEVEL_ERROR);
    world = (struct world){.session = fake_session_new()};
    *state = &world;
    if (commands_new(world.session, "acme:t:1", &world.commands) != ERR_OK ||
        commands_add(world.commands, "say", answer_at_once, &world) != ERR_OK ||
        commands_add(world.commands, "hold", hold, &world) != ERR_OK ||
        commands_add(world.commands, "much", answer_much, &world) != ERR_OK)
        return 1;
    fake_session_go(world.session, true, false);
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    commands_free(w->commands);
    fake_session_free(w->session);
    return 0;
}

static void ask(struct world *w, const char *id, const char *payload)
{
    char topic[400];

    (void)snprintf(topic, sizeof(topic), P "%s/request/json", id);
    assert_int_equal(
        fake_session_deliver_to(w->session, FILTER, topic, payload), 1);
}

static void expect_last(
    const struct world *w, const char *id, const char *payload)
{
    const struct fake_letter *last = fake_session_last(w->session);
    char topic[400];

    (void)snprintf(topic, sizeof(topic), P "%s/response/json", id);
    assert_non_null(last);
    assert_string_equal(last->topic, topic);
    assert_string_equal(last->payload, payload);
    assert_false(last->kept);
}

static void an_action_is_handled_and_answered(void **state)
{
    struct world *w = *state;

    ask(w, "e-1", "{\"action\":\"say\",\"word\":\"hello\"}");
    assert_string_equal(w->heard, "hello");
    expect_last(w, "e-1",
        "{\"status\":\"SUCCEEDED\",\"result\":{\"answer\":"
        "{\"s\":\"{\\\"call\\\":1}\"}}}");
}

static void an_answer_may_come_later_and_only_then_is_anything_said(
    void **state)
{
    struct world *w = *state;

    ask(w, "e-1", "{\"action\":\"hold\"}");
    ask(w, "e-1", "{\"action\":\"hold\"}");
    assert_int_equal(w->held_count, 1);
    assert_int_equal(fake_session_count(w->session), 0);
    commands_reply(w->held[0],
        &(struct commands_answer){
            COMMANDS_REJECTED, "NO_CLAIM", "begin anew", NULL});
    expect_last(w, "e-1",
        "{\"status\":\"REJECTED\",\"statusReason\":{\"reasonCode\":"
        "\"NO_CLAIM\",\"reasonDescription\":\"begin anew\"}}");
}

static void an_execution_that_comes_again_is_answered_and_not_handled(
    void **state)
{
    struct world *w = *state;

    ask(w, "e-1", "{\"action\":\"say\",\"word\":\"a\"}");
    ask(w, "e-2", "{\"action\":\"say\",\"word\":\"a\"}");
    ask(w, "e-1", "{\"action\":\"say\",\"word\":\"b\"}");
    assert_int_equal(w->calls, 2);
    expect_last(w, "e-1",
        "{\"status\":\"SUCCEEDED\",\"result\":{\"answer\":"
        "{\"s\":\"{\\\"call\\\":1}\"}}}");
}

static void the_last_32_answers_are_remembered(void **state)
{
    struct world *w = *state;
    char id[20];

    for (int i = 0; i < 33; i++) {
        (void)snprintf(id, sizeof(id), "e-%d", i);
        ask(w, id, "{\"action\":\"say\",\"word\":\"a\"}");
    }
    ask(w, "e-1", "{\"action\":\"say\",\"word\":\"a\"}");
    assert_int_equal(w->calls, 33);
    ask(w, "e-0", "{\"action\":\"say\",\"word\":\"a\"}");
    assert_int_equal(w->calls, 34);
}

static void large_answers_are_remembered_for_a_shorter_while(void **state)
{
    struct world *w = *state;
    char id[20];
    size_t before;

    for (int i = 0; i < 12; i++) {
        (void)snprintf(id, sizeof(id), "e-%d", i);
        ask(w, id, "{\"action\":\"much\"}");
    }
    ask(w, "e-0", "{\"action\":\"nothing\"}");
    assert_non_null(
        strstr(fake_session_last(w->session)->payload, "UNKNOWN_ACTION"));
    before = fake_session_count(w->session);
    ask(w, "e-11", "{\"action\":\"nothing\"}");
    assert_int_equal(fake_session_count(w->session), before + 1);
    assert_int_equal(fake_session_last(w->session)->len > 60000, 1);
}

static void what_is_no_request_is_rejected_and_says_why(void **state)
{
    static const struct {
        const char *payload, *code;
    } table[] = {
        {"{\"action\":\"fly\"}",                    "UNKNOWN_ACTION"},
        {"{}",                                      "INVALID"       },
        {"[]",                                      "INVALID"       },
        {"",                                        "INVALID"       },
        {"{\"action\":1}",                          "INVALID"       },
        {"{\"action\":\"say\",\"action\":\"say\"}", "INVALID"       },
        {"{\"action\":\"say\"",                     "INVALID"       },
    };
    struct world *w = *state;
    char id[20];

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        (void)snprintf(id, sizeof(id), "e-%zu", i);
        ask(w, id, table[i].payload);
        if (strstr(fake_session_last(w->session)->payload, table[i].code) ==
            NULL)
            fail_msg("%s", fake_session_last(w->session)->payload);
    }
    assert_int_equal(w->calls, 0);
}

static void a_request_that_is_too_large_or_too_deep_is_rejected(void **state)
{
    struct world *w = *state;
    char *large = malloc(COMMANDS_BYTES + 2);
    char deep[100] = "";

    assert_non_null(large);
    memset(large, ' ', COMMANDS_BYTES + 1);
    large[COMMANDS_BYTES + 1] = '\0';
    ask(w, "e-1", large);
    free(large);
    assert_non_null(
        strstr(fake_session_last(w->session)->payload, "too large"));
    for (int i = 0; i <= COMMANDS_DEPTH; i++)
        deep[i] = '[';
    ask(w, "e-2", deep);
    assert_non_null(strstr(fake_session_last(w->session)->payload, "too deep"));
}

static void more_than_32_at_a_time_are_told_to_come_again(void **state)
{
    struct world *w = *state;
    char id[20];

    for (int i = 0; i < 33; i++) {
        (void)snprintf(id, sizeof(id), "e-%d", i);
        ask(w, id, "{\"action\":\"hold\"}");
    }
    assert_int_equal(w->held_count, 32);
    assert_non_null(strstr(fake_session_last(w->session)->payload, "BUSY"));
}

static void what_was_retained_or_has_a_strange_id_is_passed_over(void **state)
{
    struct world *w = *state;
    char id[COMMANDS_ID + 2];

    memset(id, 'a', sizeof(id) - 1);
    id[sizeof(id) - 1] = '\0';
    ask(w, id, "{\"action\":\"say\",\"word\":\"a\"}");
    ask(w, "", "{\"action\":\"say\",\"word\":\"a\"}");
    ask(w, "a/b", "{\"action\":\"say\",\"word\":\"a\"}");
    assert_int_equal(w->calls, 0);
    id[COMMANDS_ID] = '\0';
    ask(w, id, "{\"action\":\"say\",\"word\":\"a\"}");
    assert_int_equal(w->calls, 1);
}

static void an_answer_that_could_not_go_out_goes_with_the_next_connection(
    void **state)
{
    struct world *w = *state;

    ask(w, "e-1", "{\"action\":\"hold\"}");
    fake_session_go(w->session, false, false);
    commands_reply(w->held[0],
        &(struct commands_answer){COMMANDS_SUCCEEDED, NULL, NULL, NULL});
    assert_int_equal(fake_session_count(w->session), 0);
    fake_session_go(w->session, true, true);
    expect_last(w, "e-1", "{\"status\":\"SUCCEEDED\"}");
    fake_session_go(w->session, true, true);
    assert_int_equal(fake_session_count(w->session), 1);
}

static void an_action_has_one_handler(void **state)
{
    struct world *w = *state;
    static const char names[COMMANDS_ACTIONS][3] = {"a", "b", "c", "d", "e",
        "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p"};
    enum err e = ERR_OK;

    assert_int_equal(commands_add(w->commands, "say", hold, w), ERR_EXISTS);
    for (size_t i = 0; i < COMMANDS_ACTIONS && e == ERR_OK; i++)
        e = commands_add(w->commands, names[i], hold, w);
    assert_int_equal(e, ERR_TOO_BIG);
}

static void a_thing_whose_topics_would_be_too_long_is_refused(void **state)
{
    struct world *w = *state;
    struct commands *other;
    char thing[251];

    memset(thing, 'a', sizeof(thing) - 1);
    thing[sizeof(thing) - 1] = '\0';
    assert_int_equal(commands_new(w->session, thing, &other), ERR_TOO_BIG);
    thing[150] = '\0';
    assert_int_equal(commands_new(w->session, thing, &other), ERR_TOO_BIG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_action_is_handled_and_answered),
        TEST(an_answer_may_come_later_and_only_then_is_anything_said),
        TEST(an_execution_that_comes_again_is_answered_and_not_handled),
        TEST(the_last_32_answers_are_remembered),
        TEST(large_answers_are_remembered_for_a_shorter_while),
        TEST(what_is_no_request_is_rejected_and_says_why),
        TEST(a_request_that_is_too_large_or_too_deep_is_rejected),
        TEST(more_than_32_at_a_time_are_told_to_come_again),
        TEST(what_was_retained_or_has_a_strange_id_is_passed_over),
        TEST(an_answer_that_could_not_go_out_goes_with_the_next_connection),
        TEST(an_action_has_one_handler),
        TEST(a_thing_whose_topics_would_be_too_long_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
