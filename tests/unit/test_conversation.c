/* What local/conversation promises: docs/protocol.md, "The local socket". */

#include "conversation_scene.h"
#include "local/lines.h"

static void the_first_line_says_protocol_and_thing(void **state)
{
    struct scene *s = *state;

    conversation_greet(s->talk);
    assert_string_equal(s->said,
        "{\"ev\":\"hello\",\"protocol\":1,\"agent\":\"" NAMEPLATE_VERSION
        "\",\"thing\":\"acme:thermo-1:S1\"}\n");
}

static void a_report_is_answered_once_it_is_stored(void **state)
{
    struct scene *s = *state;

    answers(s, "{\"id\":1,\"op\":\"report\",\"state\":{\"temp\":21.5}}", "");
    assert_string_equal(s->fake->letters, "reported {\"temp\":21.5}\n");
    assert_true(conversation_is_busy(s->talk));
    fake_agent_commit(s->fake, true);
    assert_string_equal(s->said, "{\"id\":1,\"ok\":true,\"stored\":true}\n");
    assert_false(conversation_is_busy(s->talk));
}

static void an_emit_carries_any_json(void **state)
{
    struct scene *s = *state;

    ask(s, "{\"op\":\"emit\",\"stream\":\"door\",\"data\":[1,{\"a\":null}]}");
    ask(s, "{\"op\":\"emit\",\"stream\":\"x\",\"data\":null}");
    assert_string_equal(s->fake->letters, "door [1,{\"a\":null}]\nx null\n");
    fake_agent_commit(s->fake, true);
    assert_string_equal(s->said,
        "{\"ok\":true,\"stored\":true}\n{\"ok\":true,\"stored\":true}\n");
}

static void answers_to_letters_keep_their_order(void **state)
{
    struct scene *s = *state;

    ask(s, "{\"id\":\"a\",\"op\":\"emit\",\"stream\":\"x\",\"data\":1}");
    ask(s, "{\"id\":2.5,\"op\":\"report\",\"state\":{}}");
    ask(s, "{\"id\":-3,\"op\":\"emit\",\"stream\":\"x\",\"data\":1}");
    fake_agent_commit(s->fake, true);
    assert_string_equal(s->said,
        "{\"id\":\"a\",\"ok\":true,\"stored\":true}\n"
        "{\"id\":2.5,\"ok\":true,\"stored\":true}\n"
        "{\"id\":-3,\"ok\":true,\"stored\":true}\n");
}

static void a_disk_that_refuses_is_told_not_hidden(void **state)
{
    struct scene *s = *state;

    ask(s, "{\"id\":1,\"op\":\"report\",\"state\":{}}");
    fake_agent_commit(s->fake, false);
    assert_string_equal(s->said,
        "{\"id\":1,\"ok\":false,\"code\":\"io\",\"error\":\"the disk refused "
        "the message; it is not stored\"}\n");
}

static void what_the_floor_below_refuses_is_answered_at_once(void **state)
{
    static const struct {
        enum err e;
        const char *code;
    } cases[] = {
        {ERR_INVALID,   "invalid"  },
        {ERR_TOO_BIG,   "too_large"},
        {ERR_AGAIN,     "busy"     },
        {ERR_NO_MEMORY, "busy"     },
        {ERR_IO,        "io"       },
        {ERR_DENIED,    "denied"   },
    };
    static const char *const requests[] = {
        "{\"id\":1,\"op\":\"report\",\"state\":{}}",
        "{\"id\":1,\"op\":\"emit\",\"stream\":\"x\",\"data\":1}",
        "{\"id\":1,\"op\":\"watch\"}"};
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t k = 0; k < 3; k++) {
            char start[100];

            s->fake->refusal = cases[i].e;
            (void)snprintf(start, sizeof(start),
                "{\"id\":1,\"ok\":false,\"code\":\"%s\",", cases[i].code);
            refuses(s, requests[k], start, "\"error\":\"");
            assert_false(conversation_is_busy(s->talk));
        }
}

static void a_bad_request_says_what_was_expected(void **state)
{
    struct scene *s = *state;

    refuses(s, "{\"id\":1,\"op\":\"report\"}",
        "{\"id\":1,\"ok\":false,\"code\":\"invalid\"", "wants \\\"state\\\"");
    refuses(s, "{\"op\":\"report\",\"state\":[1]}",
        "{\"ok\":false,\"code\":\"invalid\"", "wants \\\"state\\\"");
    refuses(s, "{\"op\":\"emit\",\"stream\":\"x\"}",
        "{\"ok\":false,\"code\":\"invalid\"", "\\\"data\\\"");
    refuses(s, "{\"op\":\"emit\",\"stream\":5,\"data\":1}",
        "{\"ok\":false,\"code\":\"invalid\"", "\\\"stream\\\"");
    refuses(s, "{\"id\":1}", "{\"id\":1,\"ok\":false,\"code\":\"invalid\"",
        "\\\"op\\\"");
    refuses(s, "[1]", "{\"ok\":false,\"code\":\"invalid\"", "\\\"op\\\"");
    refuses(s, "{\"op\":\"staus\"}", "{\"ok\":false,\"code\":\"unsupported\"",
        "did you mean \\\"status\\\"?");
    refuses(s, "{\"op\":\"format-the-disk\"}",
        "{\"ok\":false,\"code\":\"unsupported\"", "expected report, emit");
    assert_int_equal(s->fake->accepted, 0);
}

static void what_is_not_json_is_told_with_its_place(void **state)
{
    struct scene *s = *state;

    answers(s, "", "");
    refuses(s, "hello", "{\"ok\":false,\"code\":\"invalid\"",
        "not JSON from here on, at byte 0 of 5");
    refuses(s, "{\"op\":\"status\"} x", "{\"ok\":false,\"code\":\"invalid\"",
        "something follows the value, at byte 15 of 17");
    refuses(s, "{\"op\":\"status\",\"op\":\"watch\"}",
        "{\"ok\":false,\"code\":\"invalid\"", "a key stands twice");
    refuses(s,
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "{\"ok\":false,\"code\":\"invalid\"", "too many levels, at byte 32");
}

static void an_id_is_a_number_or_a_short_text(void **state)
{
    static const char *const bad[] = {"null", "true", "[1]", "{}"};
    struct scene *s = *state;
    char line[400];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(
            line, sizeof(line), "{\"id\":%s,\"op\":\"status\"}", bad[i]);
        refuses(s, line, "{\"ok\":false,\"code\":\"invalid\"", "\\\"id\\\"");
    }
    (void)snprintf(
        line, sizeof(line), "{\"id\":\"%0300d\",\"op\":\"status\"}", 0);
    refuses(s, line, "{\"ok\":false,\"code\":\"invalid\"", "\\\"id\\\"");
    ask(s, "{\"id\":\"\\\"}\\n\",\"op\":\"nothing\"}");
    assert_memory_equal(s->said, "{\"id\":\"\\\"}\\n\",\"ok\":false", 24);
}

static void a_line_that_was_too_long_is_told(void **state)
{
    struct scene *s = *state;

    conversation_too_long(s->talk);
    assert_string_equal(s->said,
        "{\"ok\":false,\"code\":\"too_large\",\"error\":\"a line of more than "
        "65536 bytes; it was skipped\"}\n");
}

#define CLASSES                                                                \
    "\"classes\":{\"event\":{\"queued\":3,\"queued_bytes\":30,\"dropped\":{"   \
    "\"full\":7,\"thinned\":0,\"expired\":0,\"refused\":0,\"lost\":0},"        \
    "\"busy\":2}},\"store\":{\"failing\":true,\"set_aside\":1,"                \
    "\"written_bytes\":9000,\"written_today_bytes\":8000,"                     \
    "\"write_limit_bytes\":10000,\"syncs\":5,"                                 \
    "\"accepted\":4},\"budget\":{\"day\":{\"in\":10,\"out\":0,\"limit\":100,"  \
    "\"classes\":{\"event\":3}},\"month\":{\"in\":20,\"out\":0,\"limit\":0,"   \
    "\"classes\":{\"event\":4}},\"used_percent\":10},"

static void an_emit_may_name_its_class_and_ask_for_busy(void **state)
{
    struct scene *s = *state;

    ask(s, "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1}");
    assert_string_equal(s->fake->class, "");
    ask(s,
        "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1,"
        "\"class\":\"critical\",\"when_full\":\"busy\"}");
    assert_string_equal(s->fake->class, "critical or busy");
    refuses(s, "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1,\"class\":5}",
        "{\"ok\":false,\"code\":\"invalid\"", "wants text");
    refuses(s,
        "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1,"
        "\"when_full\":\"wait\"}",
        "{\"ok\":false,\"code\":\"invalid\"", "wants \\\"busy\\\"");
    s->fake->refusal = ERR_NOT_FOUND;
    refuses(s,
        "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1,\"class\":\"bulk\"}",
        "{\"ok\":false,\"code\":\"invalid\"", "one that is configured");
    s->fake->refusal = ERR_AGAIN;
    refuses(s, "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1}",
        "{\"ok\":false,\"code\":\"busy\"", "its queue is full");
    s->fake->refusal = ERR_EXISTS;
    refuses(s, "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1}",
        "{\"ok\":false,\"code\":\"too_large\"", "one more than the 1,000");
}

static void status_says_why_we_are_offline(void **state)
{
    struct scene *s = *state;

    s->fake->status.outbox = (struct outbox_figures){.queued = 3,
        .class_count = 1,
        .classes = {{.name = "event",
            .queued = 3,
            .queued_bytes = 30,
            .dropped[OUTBOX_FULL] = 7,
            .refused = 2}},
        .written = 9000,
        .written_today = 8000,
        .day_bytes = 10000,
        .syncs = 5,
        .accepted = 4,
        .set_aside = 1,
        .failing = true};
    answers(s, "{\"id\":4,\"op\":\"status\"}",
        "{\"id\":4,\"ok\":true,\"thing\":\"acme:thermo-1:S1\",\"online\":true,"
        "\"since\":1790000000000,\"queued\":3,\"dropped\":0," CLASSES
        "\"bytes_in\":10,\"bytes_out\":20,\"connections\":1,\"no_suback\":0,"
        "\"no_puback\":0,\"agent\":"
        "\"" NAMEPLATE_VERSION "\"}\n");
    s->fake->status.online = false;
    s->fake->status.why = "dns";
    s->fake->status.detail = "no address";
    s->fake->status.next_try_ms = 11001;
    answers(s, "{\"op\":\"status\"}",
        "{\"ok\":true,\"thing\":\"acme:thermo-1:S1\",\"online\":false,"
        "\"why\":\"dns\",\"detail\":\"no address\",\"next_try_s\":12,"
        "\"since\":1790000000000,\"queued\":3,\"dropped\":0," CLASSES
        "\"bytes_in\":10,\"bytes_out\":20,\"connections\":1,\"no_suback\":0,"
        "\"no_puback\":0,\"agent\":"
        "\"" NAMEPLATE_VERSION "\"}\n");
}

static void identity_tells_the_nameplate(void **state)
{
    answers(*state, "{\"id\":5,\"op\":\"identity\"}",
        "{\"id\":5,\"ok\":true,\"vendor\":\"Acme\",\"model\":\"Thermo-1\","
        "\"serial\":\"S1\",\"thing\":\"acme:thermo-1:S1\","
        "\"issuer\":\"CN=Acme batch 1\",\"fingerprint\":\"f00d\","
        "\"certificate_id\":\"cafe\",\"not_before\":1700000000,"
        "\"not_after\":253402300799,\"hit\":\"2001:22::1\",\"chain\":[{"
        "\"subject\":\"O=Acme, CN=Acme batch 1\",\"fingerprint\":\"beef\","
        "\"certificate_id\":\"babe\"}]}\n");
}

static void only_a_watcher_hears_of_changes(void **state)
{
    struct scene *s = *state;

    fake_agent_desire(s->fake, "{\"led\":\"on\"}", 17);
    conversation_tell_online(s->talk, false);
    assert_string_equal(s->said, "");
    answers(s, "{\"id\":3,\"op\":\"watch\"}",
        "{\"id\":3,\"ok\":true}\n{\"ev\":\"online\",\"online\":true}\n");
    s->said[0] = '\0';
    fake_agent_desire(s->fake, "{\"led\":\"on\"}", 18);
    assert_string_equal(s->said,
        "{\"ev\":\"desired\",\"state\":{\"led\":\"on\"},\"version\":18}\n");
    s->said[0] = '\0';
    conversation_tell_online(s->talk, false);
    assert_string_equal(s->said, "{\"ev\":\"online\",\"online\":false}\n");
}

static void a_watcher_hears_that_somebody_looks_for_the_device(void **state)
{
    struct scene *s = *state;

    fake_agent_identify(s->fake);
    assert_string_equal(s->said, "");
    ask(s, "{\"op\":\"watch\"}");
    s->said[0] = '\0';
    fake_agent_identify(s->fake);
    assert_string_equal(s->said, "{\"ev\":\"identify\"}\n");
}

static void a_watch_is_all_or_nothing(void **state)
{
    struct scene *s = *state;

    s->fake->refusal_to_identify = ERR_TOO_BIG;
    refuses(s, "{\"op\":\"watch\"}", "{\"ok\":false", "try again");
    assert_int_equal(fake_agent_watchers(s->fake), 0);
}

static void watching_twice_tells_each_change_once(void **state)
{
    struct scene *s = *state;

    ask(s, "{\"op\":\"watch\"}");
    ask(s, "{\"op\":\"watch\"}");
    assert_int_equal(fake_agent_watchers(s->fake), 1);
}

static void a_full_conversation_says_so(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < CONVERSATION_UNANSWERED; i++) {
        assert_false(conversation_is_full(s->talk));
        ask(s, "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1}");
    }
    assert_true(conversation_is_full(s->talk));
    fake_agent_commit(s->fake, true);
    assert_false(conversation_is_full(s->talk));
}

/* Run with AddressSanitizer: a letter that is stored after the application
 * hung up must touch nothing that is gone, and leak nothing. */
static void a_letter_may_be_stored_after_the_application_is_gone(void **state)
{
    struct scene *s = *state;

    ask(s, "{\"op\":\"watch\"}");
    ask(s, "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1}");
    ask(s, "{\"op\":\"report\",\"state\":{}}");
    s->said[0] = '\0';
    conversation_close(s->talk);
    s->talk = NULL;
    assert_int_equal(fake_agent_watchers(s->fake), 0);
    fake_agent_desire(s->fake, "{}", 1);
    fake_agent_commit(s->fake, true);
    assert_string_equal(s->said, "");
    assert_int_equal(s->fake->accepted, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_line_says_protocol_and_thing),
        TEST(a_report_is_answered_once_it_is_stored),
        TEST(an_emit_carries_any_json),
        TEST(answers_to_letters_keep_their_order),
        TEST(a_disk_that_refuses_is_told_not_hidden),
        TEST(what_the_floor_below_refuses_is_answered_at_once),
        TEST(a_bad_request_says_what_was_expected),
        TEST(what_is_not_json_is_told_with_its_place),
        TEST(an_id_is_a_number_or_a_short_text),
        TEST(a_line_that_was_too_long_is_told),
        TEST(an_emit_may_name_its_class_and_ask_for_busy),
        TEST(status_says_why_we_are_offline),
        TEST(identity_tells_the_nameplate),
        TEST(only_a_watcher_hears_of_changes),
        TEST(a_watcher_hears_that_somebody_looks_for_the_device),
        TEST(a_watch_is_all_or_nothing),
        TEST(watching_twice_tells_each_change_once),
        TEST(a_full_conversation_says_so),
        TEST(a_letter_may_be_stored_after_the_application_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
