/* What core/patch promises: tables of documents, as text. */

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "core/patch.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct row {
    const char *first, *second, *result;
};

static struct json *parse(const char *text)
{
    static const struct json_limits limits = {10000, 20};
    struct json *value = NULL;

    if (json_parse(text, strlen(text), limits, &value) != ERR_OK)
        fail_msg("a test's document is malformed: %s", text);
    return value;
}

typedef enum err operation(
    const struct json *, const struct json *, struct json **);

static void check(operation *operate, const struct row *row)
{
    struct json *first = parse(row->first);
    struct json *second = parse(row->second);
    struct json *expected = parse(row->result);
    struct json *result = NULL;
    char *text;

    assert_int_equal(operate(first, second, &result), ERR_OK);
    text = json_print(result);
    if (!json_equal(result, expected))
        fail_msg("%s with %s gives %s, expected %s", row->first, row->second,
            text, row->result);
    free(text);
    text = json_print(first);
    assert_string_equal(text, row->first);
    free(text);
    json_free(result);
    json_free(expected);
    json_free(second);
    json_free(first);
}

static void a_patch_merges_as_shadows_do(void **state)
{
    static const struct row rows[] = {
        {"{}",                "{}",                   "{}"                       },
        {"{}",                "{\"a\":1}",            "{\"a\":1}"                },
        {"{\"a\":1}",         "{\"a\":2}",            "{\"a\":2}"                },
        {"{\"a\":1}",         "{\"b\":2}",            "{\"a\":1,\"b\":2}"        },
        {"{\"a\":1}",         "{\"a\":null}",         "{}"                       },
        {"{\"a\":1}",         "{\"b\":null}",         "{\"a\":1}"                },
        {"{\"a\":[1,2,3]}",   "{\"a\":[4]}",          "{\"a\":[4]}"              },
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"c\":2}}",    "{\"a\":{\"b\":1,\"c\":2}}"},
        {"{\"a\":{\"b\":1}}", "{\"a\":{\"b\":null}}", "{}"                       },
        {"{\"a\":{\"b\":1}}", "{\"a\":7}",            "{\"a\":7}"                },
        {"{\"a\":7}",         "{\"a\":{\"b\":1}}",    "{\"a\":{\"b\":1}}"        },
        {"{}",                "{\"a\":{}}",           "{}"                       },
        {"{\"a\":{\"b\":1}}", "{\"a\":{}}",           "{\"a\":{\"b\":1}}"        },
        {"{}",                "{\"a\":{\"b\":null}}", "{}"                       },
        {"{\"a\":1}",         "{\"A\":2}",            "{\"a\":1,\"A\":2}"        },
        {"{\"a\":true}",      "{\"a\":\"\"}",         "{\"a\":\"\"}"             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(patch_apply, &rows[i]);
}

static void a_difference_is_what_shadows_call_delta(void **state)
{
    static const struct row rows[] = {
        {"{}",                        "{\"a\":1}",             "{}"               },
        {"{\"a\":1}",                 "{}",                    "{\"a\":1}"        },
        {"{\"a\":1}",                 "{\"a\":1}",             "{}"               },
        {"{\"a\":1}",                 "{\"a\":1.0}",           "{}"               },
        {"{\"a\":1}",                 "{\"a\":\"1\"}",         "{\"a\":1}"        },
        {"{\"a\":1}",                 "{\"a\":true}",          "{\"a\":1}"        },
        {"{\"a\":[1,2]}",             "{\"a\":[2,1]}",         "{\"a\":[1,2]}"    },
        {"{\"a\":[1,{\"b\":2}]}",     "{\"a\":[1,{\"b\":2}]}", "{}"               },
        {"{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1}}",     "{\"a\":{\"c\":2}}"},
        {"{\"a\":{\"b\":1}}",         "{\"a\":5}",             "{\"a\":{\"b\":1}}"},
        {"{\"a\":5}",                 "{\"a\":{\"b\":1}}",     "{\"a\":5}"        },
        {"{\"a\":{}}",                "{}",                    "{}"               },
        {"{\"a\":1}",                 "{\"A\":1}",             "{\"a\":1}"        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        check(patch_between, &rows[i]);
}

static void null_in_an_array_is_found_at_any_depth(void **state)
{
    static const struct {
        const char *text;
        bool found;
    } rows[] = {
        {"{\"a\":null}",               false},
        {"{\"a\":[]}",                 false},
        {"{\"a\":[1,{\"b\":null}]}",   false},
        {"{\"a\":[null]}",             true },
        {"{\"a\":{\"b\":[1,null]}}",   true },
        {"{\"a\":[{\"b\":[[null]]}]}", true },
        {"[null]",                     true },
        {"null",                       false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct json *value = parse(rows[i].text);

        if (patch_has_null_in_array(value) != rows[i].found)
            fail_msg("wrong about %s", rows[i].text);
        json_free(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_patch_merges_as_shadows_do),
        cmocka_unit_test(a_difference_is_what_shadows_call_delta),
        cmocka_unit_test(null_in_an_array_is_found_at_any_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
