/* What local/assign promises. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "local/assign.h"

static char fault[ASSIGN_FAULT];
static char heard[2000];

static void hear(const char *text)
{
    size_t used = strlen(heard);

    (void)snprintf(heard + used, sizeof(heard) - used, "%s\n", text);
}

static void reads_as(const char *text, const char *json)
{
    struct json *value = NULL;
    char *printed;

    if (assign_value(text, &value, fault) != ERR_OK)
        fail_msg("%s: %s", text, fault);
    printed = json_print(value);
    assert_string_equal(printed, json);
    free(printed);
    json_free(value);
}

static void a_value_is_json_where_it_reads_as_json(void **state)
{
    (void)state;
    reads_as("21.5", "21.5");
    reads_as("-0.5e3", "-500");
    reads_as("0", "0");
    reads_as("true", "true");
    reads_as("false", "false");
    reads_as("null", "null");
    reads_as("{\"a\":[1]}", "{\"a\":[1]}");
    reads_as("[1, 2]", "[1,2]");
    reads_as("\"21\"", "\"21\"");
    reads_as("123456789012345", "123456789012345");
}

static void everything_else_is_text(void **state)
{
    (void)state;
    reads_as("", "\"\"");
    reads_as("on", "\"on\"");
    reads_as("True", "\"True\"");
    reads_as("21,5", "\"21,5\"");
    reads_as("007", "\"007\"");
    reads_as("-", "\"-\"");
    reads_as("1.", "\"1.\"");
    reads_as(".5", "\".5\"");
    reads_as("1e", "\"1e\"");
    reads_as("+5", "\"+5\"");
    reads_as("0x10", "\"0x10\"");
    reads_as("NaN", "\"NaN\"");
    reads_as("a b\n", "\"a b\\n\"");
    reads_as("\xc3\xa9", "\"\xc3\xa9\"");
}

static void refuses(const char *text, const char *words)
{
    struct json *value = NULL;

    assert_int_equal(assign_value(text, &value, fault), ERR_INVALID);
    assert_null(value);
    if (strstr(fault, words) == NULL)
        fail_msg("%s: %s", text, fault);
}

static void what_would_be_changed_on_the_way_is_refused(void **state)
{
    (void)state;
    refuses("{bad}", "begins like JSON and is none");
    refuses("\"open", "begins like JSON and is none");
    refuses("1234567890123456", "as text: '\"1234567890123456\"'");
    refuses("1e999", "a number beyond a double");
    refuses("\xff", "not UTF-8");
}

static void adds(const char *const *texts, size_t count, const char *json)
{
    struct json *object = json_new_object();
    char *printed;

    for (size_t i = 0; i < count; i++)
        if (assign_add(object, texts[i], fault) != ERR_OK)
            fail_msg("%s: %s", texts[i], fault);
    printed = json_print(object);
    assert_string_equal(printed, json);
    free(printed);
    json_free(object);
}

static void dots_make_objects(void **state)
{
    static const char *const texts[] = {"temp=21.5", "led.on=true",
        "led.color=a=b", "a\\.b=1", "c\\=d\\\\=2", "e\\x20\\x0A=3"};

    (void)state;
    adds(texts, 6,
        "{\"temp\":21.5,\"led\":{\"on\":true,\"color\":\"a=b\"},\"a.b\":1,"
        "\"c=d\\\\\":2,\"e \\n\":3}");
}

static void a_bad_assignment_says_what_was_expected(void **state)
{
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"temp",     "expected KEY=VALUE"     },
        {"",         "expected KEY=VALUE"     },
        {"=5",       "expected KEY=VALUE"     },
        {"a..b=5",   "expected KEY=VALUE"     },
        {".a=5",     "expected KEY=VALUE"     },
        {"a.=5",     "expected KEY=VALUE"     },
        {"a\\",      "expected KEY=VALUE"     },
        {"a\\xg0=1", "expected KEY=VALUE"     },
        {"a\\x00=1", "expected KEY=VALUE"     },
        {"a\\x",     "expected KEY=VALUE"     },
        {"t=6",      "this key is set already"},
        {"t.u=6",    "this key is set already"},
        {"o=6",      "this key is set already"},
        {"x={",      "begins like JSON"       },
    };
    struct json *object = json_new_object();
    char *printed;

    (void)state;
    assert_int_equal(assign_add(object, "t=5", fault), ERR_OK);
    assert_int_equal(assign_add(object, "o.p=5", fault), ERR_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        fault[0] = '\0';
        if (assign_add(object, bad[i].text, fault) != ERR_INVALID ||
            strstr(fault, bad[i].words) == NULL)
            fail_msg("%s: %s", bad[i].text, fault);
    }
    json_remove(object, "a");
    printed = json_print(object);
    assert_string_equal(printed, "{\"t\":5,\"o\":{\"p\":5}}");
    free(printed);
    json_free(object);
}

static void what_is_printed_reads_back_the_same(void **state)
{
    static const char *const values[] = {"\"on\"", "\"21\"", "21", "\"true\"",
        "true", "\"\"", "\"\\\"q\\\"\"", "\"a\\nb\"", "\"\\u001b[1m\"", "[1]",
        "{\"a\":{}}", "\"{\"", "\"007\"", "null", "\"\x7f\"",
        "\"1234567890123456789\""};

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct json *value = NULL, *again = NULL;
        char *text;

        assert_int_equal(json_parse(values[i], strlen(values[i]),
                             (struct json_limits){100, 5}, &value),
            ERR_OK);
        text = assign_print(value);
        assert_null(strchr(text, '\n'));
        assert_null(strchr(text, 0x1b));
        if (assign_value(text, &again, fault) != ERR_OK)
            fail_msg("%s: %s", text, fault);
        assert_true(json_equal(value, again));
        free(text);
        json_free(value);
        json_free(again);
    }
}

static void changes(const char *now, const char *before, const char *lines)
{
    struct json *a = NULL, *b = NULL;

    assert_int_equal(
        json_parse(now, strlen(now), (struct json_limits){500, 9}, &a), ERR_OK);
    if (before != NULL)
        assert_int_equal(json_parse(before, strlen(before),
                             (struct json_limits){500, 9}, &b),
            ERR_OK);
    heard[0] = '\0';
    assert_int_equal(assign_changes(a, b, hear), ERR_OK);
    assert_string_equal(heard, lines);
    json_free(a);
    json_free(b);
}

static void only_leaves_that_changed_are_told(void **state)
{
    (void)state;
    changes("{\"led\":{\"on\":true,\"c\":\"red\"},\"t\":5}", NULL,
        "led.on = true\nled.c = red\nt = 5\n");
    changes("{\"led\":{\"on\":true,\"c\":\"blue\"},\"t\":5}",
        "{\"led\":{\"on\":true,\"c\":\"red\"},\"u\":6}",
        "led.c = blue\nt = 5\n");
    changes("{\"a\":1}", "{\"a\":1.0}", "");
    changes("{\"a\":{}}", "{\"a\":1}", "a = {}\n");
    changes("{\"a\":[1,2]}", "{\"a\":[1]}", "a = [1,2]\n");
    changes("{}", "{\"a\":1}", "");
}

/* A hostile shadow cannot forge a second line, or steer the terminal. */
static void a_line_is_one_line(void **state)
{
    (void)state;
    changes("{\"a\\nb = 1\\u001b\":\"x\\ny = 2\"}", NULL,
        "a\\x0ab\\x20\\=\\x201\\x1b = \"x\\ny = 2\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_json_where_it_reads_as_json),
        cmocka_unit_test(everything_else_is_text),
        cmocka_unit_test(what_would_be_changed_on_the_way_is_refused),
        cmocka_unit_test(dots_make_objects),
        cmocka_unit_test(a_bad_assignment_says_what_was_expected),
        cmocka_unit_test(what_is_printed_reads_back_the_same),
        cmocka_unit_test(only_leaves_that_changed_are_told),
        cmocka_unit_test(a_line_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
