/* What core/json promises. */

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "core/json.h"

static const struct json_limits roomy = {1000, 10};

static enum err parse(const char *text, struct json **out)
{
    *out = NULL;
    return json_parse(text, strlen(text), roomy, out);
}

static void a_value_survives_parse_and_print(void **state)
{
    static const char *const texts[] = {
        "{\"a\":[1,2.5,-3],\"b\":{\"c\":null,\"d\":true}}",
        "\"\xc3\xa9\\\"\\\\\"",
        "999999999999999",
        "1790000000123",
        "[]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json *value;
        char *text;

        assert_int_equal(parse(texts[i], &value), ERR_OK);
        text = json_print(value);
        assert_string_equal(text, texts[i]);
        free(text);
        json_free(value);
    }
}

static void malformed_text_is_invalid(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "{\"a\":1}x",
        "{\"a\":1} {",
        "{\"a\":1,\"a\":2}",
        "{\"x\":[{\"a\":1,\"b\":0,\"a\":2}]}",
        "\"\xff\"",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82",
        "\"a\\u0000b\"",
        "\"a\nb\"",
        "\"\\",
        "nul",
        "{'a':1}",
        "]",
        "1e999",
        "[{\"a\":-1e999}]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct json *value;

        if (parse(texts[i], &value) != ERR_INVALID)
            fail_msg("accepted: %s", texts[i]);
        assert_null(value);
    }
}

static void a_fault_is_told_with_its_place(void **state)
{
    static const struct {
        const char *text, *what;
        size_t at;
    } faults[] = {
        {"",                    "expected a value",                0 },
        {"{\"a\":1,}",          "not JSON from here on",           7 },
        {"{\"a\" 1}",           "not JSON from here on",           5 },
        {"[1,nul]",             "not JSON from here on",           3 },
        {"{\"a\":1} x",         "something follows the value",     7 },
        {"{\"a\":1,\"a\":2}",   "a key stands twice in an object", 0 },
        {"[1e999]",             "a number beyond a double",        0 },
        {"\"a\xff\"",           "a byte that is not UTF-8",        2 },
        {"\"a\nb\"",            "a control character in a string", 2 },
        {"\"ab\\u0000\"",       "an escaped NUL",                  3 },
        {"\"a\\",               "a string without end",            2 },
        {"[[[[[[[[[[[]]]]]]]]", "too many levels",                 10},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct json_fault fault = {NULL, 99};
        struct json *value = NULL;

        assert_int_not_equal(json_parse_or_say(faults[i].text,
                                 strlen(faults[i].text), roomy, &fault, &value),
            ERR_OK);
        assert_null(value);
        assert_string_equal(fault.what, faults[i].what);
        assert_int_equal(fault.at, faults[i].at);
    }
}

static void a_nul_byte_is_invalid(void **state)
{
    struct json *value = NULL;

    (void)state;
    assert_int_equal(json_parse("1\0", 2, roomy, &value), ERR_INVALID);
    assert_int_equal(json_parse("\"a\0b\"", 5, roomy, &value), ERR_INVALID);
}

static void limits_are_exact(void **state)
{
    struct json *value = NULL;

    (void)state;
    assert_int_equal(
        json_parse("[[1]]", 5, (struct json_limits){5, 2}, &value), ERR_OK);
    assert_int_equal(json_depth(value), 2);
    json_free(value);
    assert_int_equal(json_parse("[[1]]", 5, (struct json_limits){4, 2}, &value),
        ERR_TOO_BIG);
    assert_int_equal(json_parse("[[1]]", 5, (struct json_limits){5, 1}, &value),
        ERR_TOO_BIG);
}

static void brackets_inside_strings_are_not_depth(void **state)
{
    static const char text[] = "\"[[\\\"[[\"";
    struct json *value = NULL;

    (void)state;
    assert_int_equal(json_parse(text, strlen(text),
                         (struct json_limits){sizeof(text), 0}, &value),
        ERR_OK);
    json_free(value);
}

static void looking_into_nothing_is_harmless(void **state)
{
    (void)state;
    assert_null(json_get(NULL, "a"));
    assert_null(json_text(json_get(NULL, "a")));
    assert_false(json_is_object(NULL));
    assert_int_equal(json_count(NULL), 0);
    assert_null(json_first(NULL));
    json_free(NULL);
}

static void whole_numbers_are_checked(void **state)
{
    struct json *value;
    int64_t n = 7;

    (void)state;
    assert_int_equal(parse("[5,5.5,1e300,\"5\"]", &value), ERR_OK);
    struct json *five = json_first(value);
    assert_true(json_whole(five, 0, 9, &n));
    assert_int_equal(n, 5);
    assert_false(json_whole(five, 6, 9, &n));
    for (struct json *c = json_next(five); c != NULL; c = json_next(c))
        assert_false(json_whole(c, 0, 9, &n));
    assert_int_equal(n, 5);
    json_free(value);
}

static void equality_is_by_value_and_ignores_member_order(void **state)
{
    struct json *a, *b, *c;

    (void)state;
    assert_int_equal(parse("{\"a\":1,\"b\":[1,2]}", &a), ERR_OK);
    assert_int_equal(parse("{\"b\":[1.0,2],\"a\":1.0}", &b), ERR_OK);
    assert_int_equal(parse("{\"b\":[2,1],\"a\":1}", &c), ERR_OK);
    assert_true(json_equal(a, b));
    assert_false(json_equal(a, c));
    json_free(a);
    json_free(b);
    json_free(c);
}

static void setting_a_key_again_replaces_it(void **state)
{
    struct json *object = json_new_object();
    char *text;

    (void)state;
    assert_int_equal(json_set(object, "a", json_new_number(1)), ERR_OK);
    assert_int_equal(json_set(object, "a", json_new_string("x")), ERR_OK);
    assert_int_equal(json_set(object, "b", NULL), ERR_NO_MEMORY);
    json_remove(object, "none");
    text = json_print(object);
    assert_string_equal(text, "{\"a\":\"x\"}");
    free(text);
    json_free(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_survives_parse_and_print),
        cmocka_unit_test(malformed_text_is_invalid),
        cmocka_unit_test(a_fault_is_told_with_its_place),
        cmocka_unit_test(a_nul_byte_is_invalid),
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(brackets_inside_strings_are_not_depth),
        cmocka_unit_test(looking_into_nothing_is_harmless),
        cmocka_unit_test(whole_numbers_are_checked),
        cmocka_unit_test(equality_is_by_value_and_ignores_member_order),
        cmocka_unit_test(setting_a_key_again_replaces_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
