/* What local/conversation says of a device's user: whose it is, what is
 * private, and actions that are asked for. */

#include "conversation_scene.h"

static void owner_says_whose_the_device_is(void **state)
{
    struct scene *s = *state;

    answers(s, "{\"id\":1,\"op\":\"owner\"}",
        "{\"id\":1,\"ok\":true,\"owner\":{\"state\":\"nobody\"}}\n");
}

static void a_reset_is_for_the_privileged_and_answered_once_it_is_done(
    void **state)
{
    struct scene *s = *state;

    refuses(s, "{\"id\":1,\"op\":\"reset\"}",
        "{\"id\":1,\"ok\":false,\"code\":\"denied\"", "only root");
    conversation_privilege(s->talk);
    answers(s, "{\"id\":2,\"op\":\"reset\"}", "");
    fake_agent_end_reset(s->fake, ERR_OK, 5);
    assert_string_equal(s->said, "{\"id\":2,\"ok\":true,\"epoch\":5}\n");
    ask(s, "{\"id\":3,\"op\":\"reset\"}");
    fake_agent_end_reset(s->fake, ERR_CONFLICT, 0);
    assert_non_null(strstr(s->said, "\"code\":\"busy\""));
    s->fake->refusal = ERR_AGAIN;
    refuses(s, "{\"id\":4,\"op\":\"reset\"}", "{\"id\":4,\"ok\":false",
        "try again");
    assert_false(conversation_is_busy(s->talk));
}

/* The conversation is closed first, and lives until its ticket is dropped:
 * LeakSanitizer tells when it is not. */
static void a_stop_in_the_middle_of_a_reset_leaves_nothing_behind(void **state)
{
    struct scene *s = *state;

    conversation_privilege(s->talk);
    answers(s, "{\"id\":1,\"op\":\"reset\"}", "");
}

static void what_is_private_is_reported_apart(void **state)
{
    struct scene *s = *state;

    answers(s, "{\"id\":1,\"op\":\"report\",\"state\":{\"secret\":5}}",
        "{\"id\":1,\"ok\":true,\"stored\":true}\n");
    assert_string_equal(s->fake->letters, "private {\"secret\":5}\n");
    answers(s, "{\"id\":2,\"op\":\"report\",\"state\":{\"a\":1,\"secret2\":2}}",
        "");
    assert_string_equal(s->fake->letters,
        "private {\"secret\":5}\nprivate {\"secret2\":2}\n"
        "reported {\"a\":1}\n");
    fake_agent_commit(s->fake, true);
    s->fake->refusal = ERR_IO;
    refuses(s, "{\"id\":3,\"op\":\"report\",\"state\":{\"secret\":5}}",
        "{\"id\":3,\"ok\":false,\"code\":\"io\"", "not stored");
    s->fake->refusal = ERR_TOO_BIG;
    refuses(s, "{\"id\":3,\"op\":\"report\",\"state\":{\"secret\":5}}",
        "{\"id\":3,\"ok\":false,\"code\":\"too_large\"", "8 KB");
}

static void only_a_channel_wishes_what_is_private(void **state)
{
    struct scene *s = *state;

    ask(s, "{\"op\":\"watch\"}");
    s->said[0] = '\0';
    fake_agent_desire(s->fake, "{\"a\":1,\"secret\":2}", 7);
    fake_agent_wish(s->fake, "{\"secret\":3}");
    assert_string_equal(s->said,
        "{\"ev\":\"desired\",\"state\":{\"a\":1},\"version\":7}\n"
        "{\"ev\":\"desired\",\"state\":{\"secret\":3},\"version\":1,"
        "\"private\":true}\n");
}

static void an_application_does_what_is_called_and_says_so_once(void **state)
{
    struct scene *s = *state;

    ask(s, "{\"op\":\"watch\"}");
    s->said[0] = '\0';
    fake_agent_call(s->fake, "{\"door\":1}");
    fake_agent_call(s->fake, NULL);
    assert_string_equal(s->said,
        "{\"ev\":\"action\",\"call\":\"c1\",\"action\":\"unlock\","
        "\"input\":{\"door\":1}}\n"
        "{\"ev\":\"action\",\"call\":\"c1\",\"action\":\"unlock\"}\n");
    answers(s, "{\"id\":1,\"op\":\"done\",\"call\":\"c1\",\"output\":5}",
        "{\"id\":1,\"ok\":true}\n");
    refuses(s, "{\"id\":2,\"op\":\"done\",\"call\":\"c1\"}",
        "{\"id\":2,\"ok\":false,\"code\":\"invalid\"", "no such call");
    refuses(s, "{\"id\":3,\"op\":\"done\"}",
        "{\"id\":3,\"ok\":false,\"code\":\"invalid\"", "done wants");
    refuses(s, "{\"id\":4,\"op\":\"done\",\"call\":\"c1\",\"error\":1}",
        "{\"id\":4,\"ok\":false,\"code\":\"invalid\"", "done wants");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(owner_says_whose_the_device_is),
        TEST(a_reset_is_for_the_privileged_and_answered_once_it_is_done),
        TEST(a_stop_in_the_middle_of_a_reset_leaves_nothing_behind),
        TEST(what_is_private_is_reported_apart),
        TEST(only_a_channel_wishes_what_is_private),
        TEST(an_application_does_what_is_called_and_says_so_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
