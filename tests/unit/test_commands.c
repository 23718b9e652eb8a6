/* Requests that the cloud fires: contract section 7. */

#include <string.h>

#include "cmocka_all.h"
#include "device/commands.h"
#include "fake_session.h"

#define FILTER "$aws/commands/things/t/executions/+/request/json"

struct scene {
    struct session *session;
    struct commands *commands;
    int runs;
};

static void on_dance(
    void *context, const struct json *request, struct commands_reply *reply)
{
    struct scene *scene = context;

    scene->runs++;
    *reply = (struct commands_reply){.status = COMMANDS_SUCCEEDED};
    if (json_is_true(json_get(request, "badly")))
        *reply = (struct commands_reply){
            .status = COMMANDS_FAILED, .code = "FELL", .words = "over"};
}

static struct scene begin(void)
{
    struct scene scene = {.session = fake_session_new()};

    assert_int_equal(commands_new(scene.session, "t", &scene.commands), ERR_OK);
    fake_session_go(scene.session, true, true);
    return scene;
}

static void end(struct scene *scene)
{
    commands_free(scene->commands);
    fake_session_free(scene->session);
}

/* The fake knows no wildcards: the topic is given beside the filter. */
static const char *ask(
    struct scene *scene, const char *topic, const char *payload)
{
    size_t before = fake_session_count(scene->session);

    fake_session_deliver_as(scene->session, FILTER, topic, payload);
    if (fake_session_count(scene->session) == before)
        return NULL;
    return fake_session_last(scene->session)->payload;
}

#define TOPIC "$aws/commands/things/t/executions/e-1/request/json"

static void an_action_is_run_and_answered_on_its_execution(void **state)
{
    struct scene s = begin();

    (void)state;
    assert_int_equal(commands_add(s.commands, "dance", on_dance, &s), ERR_OK);
    assert_string_equal(
        ask(&s, TOPIC, "{\"action\":\"dance\"}"), "{\"status\":\"SUCCEEDED\"}");
    assert_string_equal(fake_session_last(s.session)->topic,
        "$aws/commands/things/t/executions/e-1/response/json");
    assert_string_equal(ask(&s, TOPIC, "{\"action\":\"dance\",\"badly\":true}"),
        "{\"status\":\"FAILED\",\"statusReason\":{\"reasonCode\":\"FELL\","
        "\"reasonDescription\":\"over\"}}");
    assert_int_equal(s.runs, 2);
    end(&s);
}

static void what_is_not_known_is_rejected(void **state)
{
    static const struct {
        const char *payload, *code;
    } table[] = {
        {"{\"action\":\"sing\"}", "UNKNOWN_ACTION"},
        {"{\"action\":7}",        "UNKNOWN_ACTION"},
        {"{}",                    "UNKNOWN_ACTION"},
        {"[]",                    "UNKNOWN_ACTION"},
        {"",                      "MALFORMED"     },
        {"dance",                 "MALFORMED"     },
    };
    struct scene s = begin();

    (void)state;
    assert_int_equal(commands_add(s.commands, "dance", on_dance, &s), ERR_OK);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *answer = ask(&s, TOPIC, table[i].payload);

        assert_non_null(strstr(answer, "REJECTED"));
        assert_non_null(strstr(answer, table[i].code));
    }
    assert_int_equal(s.runs, 0);
    end(&s);
}

static void topics_that_are_no_requests_of_ours_are_passed_over(void **state)
{
    static const char *const topics[] = {
        "$aws/commands/things/u/executions/e-1/request/json",
        "$aws/commands/things/t/executions//request/json",
        "$aws/commands/things/t/executions/e/request/cbor",
        "$aws/commands/things/t/executions/"
        "0123456789012345678901234567890123456789012345678901234567890123456"
        "/request/json",
    };
    struct scene s = begin();

    (void)state;
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        assert_null(ask(&s, topics[i], "{\"action\":\"dance\"}"));
    end(&s);
}

static void the_table_of_actions_has_an_end(void **state)
{
    struct scene s = begin();

    (void)state;
    for (int i = 0; i < COMMANDS_ACTIONS; i++)
        assert_int_equal(commands_add(s.commands, "x", on_dance, &s), ERR_OK);
    assert_int_equal(
        commands_add(s.commands, "dance", on_dance, &s), ERR_TOO_BIG);
    end(&s);
}

static void offline_nothing_is_answered_and_nothing_breaks(void **state)
{
    struct scene s = begin();

    (void)state;
    fake_session_go(s.session, false, false);
    assert_null(ask(&s, TOPIC, "{\"action\":\"sing\"}"));
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_action_is_run_and_answered_on_its_execution),
        cmocka_unit_test(what_is_not_known_is_rejected),
        cmocka_unit_test(topics_that_are_no_requests_of_ours_are_passed_over),
        cmocka_unit_test(the_table_of_actions_has_an_end),
        cmocka_unit_test(offline_nothing_is_answered_and_nothing_breaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
