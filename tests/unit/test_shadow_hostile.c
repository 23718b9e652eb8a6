/* What a shadow's view makes of malformed messages, and what it refuses to
 * report. */

#include "shadow_world.h"

/* On every topic, and afterwards all is known as before. */
static void malformed_messages_change_nothing(void **state)
{
    static const char *const texts[] = {
        "",
        "\xff\xfe",
        "nonsense",
        "null",
        "[]",
        "7",
        "{}",
        "{\"state\":{\"t\":9}}",
        "{\"state\":{\"t\":9},\"version\":\"9\"}",
        "{\"state\":{\"t\":9},\"version\":-9}",
        "{\"state\":{\"t\":9},\"version\":0}",
        "{\"state\":{\"t\":9},\"version\":9.5}",
        "{\"state\":{\"t\":9},\"version\":1e300}",
        "{\"state\":{\"t\":9},\"version\":1e999}",
        "{\"state\":{\"t\":9},\"version\":null}",
        "{\"state\":{\"t\":9},\"version\":9,\"version\":10}",
        "{\"state\":[],\"version\":9}",
        "{\"state\":\"t\",\"version\":9}",
        "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},\"version\":9}",
        "{\"version\":9}",
    };
    struct shadow_state *s = *state;

    begin(s);
    shadow_state_ask(s, TOKEN);
    for (int topic = 0; topic < SHADOW_TOPICS; topic++)
        for (size_t i = 0; i < COUNT(texts); i++) {
            enum shadow_step step = take(s, (enum shadow_topic)topic, texts[i]);

            if (step != SHADOW_MALFORMED && step != SHADOW_IGNORE)
                fail_msg("topic %d: %s", topic, texts[i]);
            assert_known(s, 5, "{\"t\":22}");
        }
    assert_true(shadow_state_is_asking(s));
}

static void a_deep_message_is_refused(void **state)
{
    char text[100];

    (void)snprintf(text, sizeof(text),
        "{\"state\":{\"t\":%.30s%.30s},\"version\":9}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    begin(*state);
    assert_int_equal(delta(*state, text), SHADOW_MALFORMED);
    assert_known(*state, 5, "{\"t\":22}");
}

/* With our token, version and all, but a section that cannot be. */
static void malformed_sections_change_nothing(void **state)
{
    static const char *const sections[] = {
        "{\"desired\":7}",
        "{\"desired\":null}",
        "{\"desired\":[]}",
        "{\"reported\":\"x\"}",
        "{\"desired\":{\"a\":[null]}}",
        "{\"reported\":{\"a\":[{\"b\":[null]}]}}",
        "[]",
        "null",
    };
    struct shadow_state *s = *state;

    begin(s);
    for (size_t i = 0; i < COUNT(sections); i++) {
        assert_int_equal(answer(s, 9, sections[i]), SHADOW_MALFORMED);
        assert_known(s, 5, "{\"t\":22}");
    }
    assert_int_equal(take(s, SHADOW_UPDATE_ACCEPTED,
                         "{\"state\":{\"desired\":7},\"version\":9}"),
        SHADOW_MALFORMED);
    assert_int_equal(
        take(s, SHADOW_UPDATE_ACCEPTED,
            "{\"state\":{\"desired\":{\"t\":[null]}},\"version\":9}"),
        SHADOW_MALFORMED);
    assert_int_equal(
        delta(s, "{\"state\":{\"t\":[null]},\"version\":9}"), SHADOW_MALFORMED);
    assert_known(s, 5, "{\"t\":22}");
}

static void a_refusal_without_a_code_is_malformed(void **state)
{
    static const char *const texts[] = {
        "{\"clientToken\":\"" TOKEN "\"}",
        "{\"code\":\"409\",\"clientToken\":\"" TOKEN "\"}",
        "{\"code\":-1,\"clientToken\":\"" TOKEN "\"}",
    };

    shadow_state_ask(*state, TOKEN);
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_int_equal(
            take(*state, SHADOW_UPDATE_REJECTED, texts[i]), SHADOW_MALFORMED);
        assert_int_equal(
            take(*state, SHADOW_GET_REJECTED, texts[i]), SHADOW_MALFORMED);
    }
    assert_int_equal(refusal.code, -1);
}

static void a_huge_message_is_refused(void **state)
{
    size_t len = 200 * 1024;
    char *text = malloc(len + 1);

    assert_non_null(text);
    memset(text, ' ', len);
    memcpy(text, "{\"state\":{\"t\":1},\"version\":99}", 30);
    text[len] = '\0';
    begin(*state);
    assert_int_equal(delta(*state, text), SHADOW_MALFORMED);
    free(text);
    assert_known(*state, 5, "{\"t\":22}");
}

static enum err check(struct shadow_state *s, const char *text)
{
    struct json *patch = parse(text);
    enum err e = shadow_state_check(s, patch);
    json_free(patch);
    return e;
}

static void what_a_shadow_cannot_hold_is_not_reported(void **state)
{
    static const struct {
        const char *text;
        enum err e;
    } rows[] = {
        {"{}",                                         ERR_OK     },
        {"{\"a\":null}",                               ERR_OK     },
        {"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":1}}}}}",  ERR_OK     },
        {"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{}}}}}}", ERR_INVALID},
        {"{\"a\":[[[[1]]]]}",                          ERR_OK     },
        {"{\"a\":[[[[[1]]]]]}",                        ERR_INVALID},
        {"{\"a\":[1,null]}",                           ERR_INVALID},
        {"[]",                                         ERR_INVALID},
        {"7",                                          ERR_INVALID},
        {"null",                                       ERR_INVALID},
    };

    for (size_t i = 0; i < COUNT(rows); i++)
        if (check(*state, rows[i].text) != rows[i].e)
            fail_msg("wrong about %s", rows[i].text);
}

/* {"<key>":"000..."} with `len` bytes in all. */
static char *sized(char key, size_t len)
{
    char *text = malloc(len + 1);

    assert_non_null(text);
    (void)snprintf(text, len + 1, "{\"%c\":\"%0*d\"}", key, (int)len - 8, 0);
    assert_int_equal(strlen(text), len);
    return text;
}

static void eight_kilobytes_are_the_limit_of_all_that_is_reported(void **state)
{
    char *fits = sized('a', 8192);
    char *large = sized('a', 8193);
    char *half = sized('b', 4200);

    assert_int_equal(check(*state, fits), ERR_OK);
    assert_int_equal(check(*state, large), ERR_TOO_BIG);
    (void)report(*state, half);
    assert_int_equal(check(*state, half), ERR_OK);
    half[2] = 'c';
    assert_int_equal(check(*state, half), ERR_TOO_BIG);
    assert_int_equal(check(*state, "{\"b\":null}"), ERR_OK);
    free(half);
    free(large);
    free(fits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(malformed_messages_change_nothing),
        TEST(malformed_sections_change_nothing),
        TEST(a_refusal_without_a_code_is_malformed),
        TEST(a_deep_message_is_refused),
        TEST(a_huge_message_is_refused),
        TEST(what_a_shadow_cannot_hold_is_not_reported),
        TEST(eight_kilobytes_are_the_limit_of_all_that_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
