/* What the device's view of its shadow promises. */

#include "shadow_world.h"

static void an_answer_tells_what_differs(void **state)
{
    struct shadow_state *s = *state;

    assert_false(shadow_state_is_known(s));
    begin(s);
    assert_true(shadow_state_is_known(s));
    assert_false(shadow_state_is_asking(s));
    assert_text(shadow_state_reported(s), "{\"t\":20}");
}

static void an_answer_without_sections_is_known_too(void **state)
{
    assert_int_equal(answer(*state, 1, "{}"), SHADOW_TELL);
    assert_known(*state, 1, "{}");
}

static void an_answer_that_changes_nothing_is_not_told_again(void **state)
{
    begin(*state);
    assert_int_equal(
        answer(*state, 6, "{\"desired\":{\"t\":22},\"reported\":{\"t\":21}}"),
        SHADOW_IGNORE);
}

static void somebody_elses_answer_is_not_ours(void **state)
{
    struct shadow_state *s = *state;

    shadow_state_ask(s, TOKEN);
    assert_int_equal(take(s, SHADOW_GET_ACCEPTED,
                         "{\"state\":{\"desired\":{\"t\":1}},\"version\":3}"),
        SHADOW_IGNORE);
    assert_int_equal(
        take(s, SHADOW_GET_ACCEPTED,
            "{\"state\":{},\"version\":3,\"clientToken\":\"page-7\"}"),
        SHADOW_IGNORE);
    assert_int_equal(
        take(s, SHADOW_GET_REJECTED,
            "{\"code\":404,\"message\":\"x\",\"clientToken\":\"page-7\"}"),
        SHADOW_IGNORE);
    assert_true(shadow_state_is_asking(s));
    assert_false(shadow_state_is_known(s));
}

static void an_answer_counts_once(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    assert_int_equal(
        take(s, SHADOW_GET_ACCEPTED,
            "{\"state\":{},\"version\":5,\"clientToken\":\"" TOKEN "\"}"),
        SHADOW_IGNORE);
    assert_known(s, 5, "{\"t\":22}");
}

static void a_newer_delta_counts(void **state)
{
    begin(*state);
    assert_int_equal(
        delta(*state, "{\"state\":{\"t\":23},\"version\":6}"), SHADOW_TELL);
    assert_known(*state, 6, "{\"t\":23}");
}

static void a_delta_says_all_that_differs(void **state)
{
    begin(*state);
    assert_int_equal(
        delta(*state, "{\"state\":{\"led\":true},\"version\":6}"), SHADOW_TELL);
    assert_known(*state, 6, "{\"led\":true}");
}

static void an_old_or_repeated_delta_changes_nothing(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":1},\"version\":5}"), SHADOW_IGNORE);
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":23},\"version\":8}"), SHADOW_TELL);
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":23},\"version\":8}"), SHADOW_IGNORE);
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":1},\"version\":7}"), SHADOW_IGNORE);
    assert_known(s, 8, "{\"t\":23}");
}

static void a_delta_older_than_an_echo_changes_nothing(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    (void)take(s, SHADOW_UPDATE_ACCEPTED,
        "{\"state\":{\"desired\":{\"t\":20}},\"version\":7}");
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":21},\"version\":6}"), SHADOW_IGNORE);
    assert_known(s, 7, "{}");
}

/* An echo is a part; without the whole it says nothing. */
static void an_echo_before_the_first_answer_is_ignored(void **state)
{
    struct shadow_state *s = *state;

    assert_int_equal(take(s, SHADOW_UPDATE_ACCEPTED,
                         "{\"state\":{\"desired\":{\"t\":20}},\"version\":7}"),
        SHADOW_IGNORE);
    assert_false(shadow_state_is_known(s));
    assert_known(s, 0, "{}");
}

static void a_delta_before_the_first_answer_counts(void **state)
{
    struct shadow_state *s = *state;

    shadow_state_ask(s, TOKEN);
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":23},\"version\":6}"), SHADOW_TELL);
    assert_known(s, 6, "{\"t\":23}");
}

static void an_answer_overtaken_by_a_delta_is_asked_for_again(void **state)
{
    struct shadow_state *s = *state;

    shadow_state_ask(s, TOKEN);
    (void)delta(s, "{\"state\":{\"t\":23},\"version\":6}");
    assert_int_equal(
        take(s, SHADOW_GET_ACCEPTED,
            "{\"state\":{},\"version\":5,\"clientToken\":\"" TOKEN "\"}"),
        SHADOW_ASK);
    assert_known(s, 6, "{\"t\":23}");
    assert_int_equal(
        answer(s, 6, "{\"desired\":{\"t\":23},\"reported\":{\"t\":20}}"),
        SHADOW_IGNORE);
}

static void a_shadow_made_while_we_heard_there_was_none_is_asked_for_again(
    void **state)
{
    struct shadow_state *s = *state;

    shadow_state_ask(s, TOKEN);
    (void)delta(s, "{\"state\":{\"t\":23},\"version\":1}");
    assert_int_equal(take(s, SHADOW_GET_REJECTED,
                         "{\"code\":404,\"clientToken\":\"" TOKEN "\"}"),
        SHADOW_ASK);
    assert_known(s, 1, "{\"t\":23}");
}

/* Deleted long ago and made anew, or the cloud was restored from a copy. */
static void a_lower_version_is_believed_in_an_answer_and_not_in_a_delta(
    void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":1},\"version\":1}"), SHADOW_IGNORE);
    assert_int_equal(answer(s, 1, "{\"desired\":{\"t\":30}}"), SHADOW_TELL);
    assert_known(s, 1, "{\"t\":30}");
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":31},\"version\":2}"), SHADOW_TELL);
}

static void a_missing_shadow_is_made(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    shadow_state_ask(s, TOKEN);
    assert_int_equal(take(s, SHADOW_GET_REJECTED,
                         "{\"code\":404,\"message\":\"No shadow exists\","
                         "\"clientToken\":\"" TOKEN "\"}"),
        SHADOW_CREATE);
    assert_known(s, 0, "{}");
    assert_text(shadow_state_reported(s), "{\"t\":20}");
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":1},\"version\":1}"), SHADOW_TELL);
}

static void a_cloud_that_cannot_answer_is_asked_later(void **state)
{
    static const int codes[] = {429, 500, 503};
    struct shadow_state *s = *state;

    for (size_t i = 0; i < COUNT(codes); i++) {
        char text[100];

        shadow_state_ask(s, TOKEN);
        (void)snprintf(text, sizeof(text),
            "{\"code\":%d,\"clientToken\":\"" TOKEN "\"}", codes[i]);
        assert_int_equal(take(s, SHADOW_GET_REJECTED, text), SHADOW_ASK_LATER);
        assert_true(shadow_state_is_asking(s));
    }
}

static void a_refused_get_says_code_and_message(void **state)
{
    struct shadow_state *s = *state;

    shadow_state_ask(s, TOKEN);
    assert_int_equal(take(s, SHADOW_GET_REJECTED,
                         "{\"code\":403,\"message\":\"Forbidden\","
                         "\"clientToken\":\"" TOKEN "\"}"),
        SHADOW_REFUSED);
    assert_int_equal(refusal.code, 403);
    assert_string_equal(refusal.message, "Forbidden");
    assert_false(shadow_state_is_asking(s));
}

static void our_refused_update_says_code_and_message(void **state)
{
    begin(*state);
    assert_int_equal(
        take(*state, SHADOW_UPDATE_REJECTED,
            "{\"code\":413,\"message\":\"too large\",\"clientToken\":\"" TOKEN
            "\"}"),
        SHADOW_REFUSED);
    assert_int_equal(refusal.code, 413);
    assert_string_equal(refusal.message, "too large");
    assert_known(*state, 5, "{\"t\":22}");
}

static void somebody_elses_refused_update_is_not_ours(void **state)
{
    assert_int_equal(take(*state, SHADOW_UPDATE_REJECTED,
                         "{\"code\":409,\"clientToken\":\"page-1\"}"),
        SHADOW_IGNORE);
    assert_int_equal(
        take(*state, SHADOW_UPDATE_REJECTED, "{\"code\":409}"), SHADOW_IGNORE);
}

static void what_is_reported_differs_no_more(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    assert_int_equal(report(s, "{\"t\":21}"), SHADOW_IGNORE);
    assert_int_equal(report(s, "{\"t\":22}"), SHADOW_TELL);
    assert_known(s, 5, "{}");
    assert_text(shadow_state_reported(s), "{\"t\":22}");
    assert_int_equal(report(s, "{\"t\":null,\"x\":{\"y\":1}}"), SHADOW_IGNORE);
    assert_text(shadow_state_reported(s), "{\"x\":{\"y\":1}}");
}

/* The cloud had not seen our newest report when it wrote this delta. */
static void a_delta_that_crossed_our_report_is_not_told(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    (void)report(s, "{\"t\":21}");
    (void)report(s, "{\"t\":22}");
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":22},\"version\":6}"), SHADOW_IGNORE);
    assert_known(s, 6, "{}");
}

static void the_echo_of_an_older_report_does_not_undo_a_newer_one(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    (void)report(s, "{\"t\":21}");
    (void)report(s, "{\"t\":22}");
    assert_int_equal(take(s, SHADOW_UPDATE_ACCEPTED,
                         "{\"state\":{\"reported\":{\"t\":21}},\"version\":6,"
                         "\"clientToken\":\"device-3\"}"),
        SHADOW_IGNORE);
    assert_known(s, 6, "{}");
    assert_text(shadow_state_reported(s), "{\"t\":22}");
}

/* Nothing differs any more, so the cloud sends no delta. */
static void a_wish_taken_back_is_told_by_its_echo(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    assert_int_equal(take(s, SHADOW_UPDATE_ACCEPTED,
                         "{\"state\":{\"desired\":{\"t\":20}},\"version\":6}"),
        SHADOW_TELL);
    assert_known(s, 6, "{}");
    assert_int_equal(take(s, SHADOW_UPDATE_ACCEPTED,
                         "{\"state\":{\"desired\":{\"t\":24}},\"version\":7}"),
        SHADOW_TELL);
    assert_known(s, 7, "{\"t\":24}");
    assert_int_equal(take(s, SHADOW_UPDATE_ACCEPTED,
                         "{\"state\":{\"desired\":null},\"version\":8}"),
        SHADOW_TELL);
    assert_known(s, 8, "{}");
}

static void echo_and_delta_of_one_version_may_come_in_either_order(void **state)
{
    static const char echo[] =
        "{\"state\":{\"desired\":{\"a\":1}},\"version\":6}";
    static const char difference[] =
        "{\"state\":{\"a\":1,\"t\":22},\"version\":6}";
    struct shadow_state *s = *state;

    begin(s);
    (void)take(s, SHADOW_UPDATE_ACCEPTED, echo);
    assert_known(s, 6, "{\"t\":22,\"a\":1}");
    assert_int_equal(delta(s, difference), SHADOW_IGNORE);
    begin(s);
    assert_int_equal(delta(s, difference), SHADOW_TELL);
    assert_int_equal(take(s, SHADOW_UPDATE_ACCEPTED, echo), SHADOW_IGNORE);
    assert_known(s, 6, "{\"a\":1,\"t\":22}");
}

static void an_old_echo_changes_nothing(void **state)
{
    begin(*state);
    assert_int_equal(take(*state, SHADOW_UPDATE_ACCEPTED,
                         "{\"state\":{\"desired\":{\"t\":1}},\"version\":5}"),
        SHADOW_IGNORE);
    assert_known(*state, 5, "{\"t\":22}");
}

static void somebody_else_may_write_our_reported_section(void **state)
{
    struct shadow_state *s = *state;

    begin(s);
    assert_int_equal(take(s, SHADOW_UPDATE_ACCEPTED,
                         "{\"state\":{\"reported\":{\"t\":22}},\"version\":6}"),
        SHADOW_TELL);
    assert_known(s, 6, "{}");
    assert_text(shadow_state_reported(s), "{\"t\":22}");
    (void)take(s, SHADOW_UPDATE_ACCEPTED,
        "{\"state\":{\"reported\":null},\"version\":7}");
    assert_text(shadow_state_reported(s), "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_answer_tells_what_differs),
        TEST(an_answer_without_sections_is_known_too),
        TEST(an_answer_that_changes_nothing_is_not_told_again),
        TEST(somebody_elses_answer_is_not_ours),
        TEST(an_answer_counts_once),
        TEST(a_newer_delta_counts),
        TEST(a_delta_says_all_that_differs),
        TEST(an_old_or_repeated_delta_changes_nothing),
        TEST(a_delta_older_than_an_echo_changes_nothing),
        TEST(an_echo_before_the_first_answer_is_ignored),
        TEST(a_delta_before_the_first_answer_counts),
        TEST(an_answer_overtaken_by_a_delta_is_asked_for_again),
        TEST(a_shadow_made_while_we_heard_there_was_none_is_asked_for_again),
        TEST(a_lower_version_is_believed_in_an_answer_and_not_in_a_delta),
        TEST(a_missing_shadow_is_made),
        TEST(a_cloud_that_cannot_answer_is_asked_later),
        TEST(a_refused_get_says_code_and_message),
        TEST(our_refused_update_says_code_and_message),
        TEST(somebody_elses_refused_update_is_not_ours),
        TEST(what_is_reported_differs_no_more),
        TEST(a_delta_that_crossed_our_report_is_not_told),
        TEST(the_echo_of_an_older_report_does_not_undo_a_newer_one),
        TEST(a_wish_taken_back_is_told_by_its_echo),
        TEST(echo_and_delta_of_one_version_may_come_in_either_order),
        TEST(an_old_echo_changes_nothing),
        TEST(somebody_else_may_write_our_reported_section),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
