/* A list of those who want to hear, which changes while it is told. */

#include "core/watchers.h"

#include "cmocka_all.h"

struct ear {
    struct watchers *watchers;
    struct ear *removes, *adds; /* from its callback */
    int heard;
    int64_t version;
};

static void hear(void *context, const struct json *value, int64_t version)
{
    struct ear *ear = context;

    assert_true(json_is_true(value));
    ear->heard++;
    ear->version = version;
    if (ear->removes != NULL)
        watchers_remove(ear->watchers, ear->removes);
    if (ear->adds != NULL)
        assert_int_equal(
            watchers_add(ear->watchers, hear, ear->adds, false), ERR_OK);
}

static void tell(struct watchers *watchers, int64_t version)
{
    struct json *value = json_new_bool(true);

    watchers_tell(watchers, value, version);
    json_free(value);
}

static void news_is_told_once_to_each(void **state)
{
    struct watchers w = {.first = NULL};
    struct ear a = {.watchers = &w}, b = {.watchers = &w};

    (void)state;
    assert_false(watchers_mark(&w));
    assert_int_equal(watchers_add(&w, hear, &a, true), ERR_OK);
    assert_int_equal(watchers_add(&w, hear, &b, false), ERR_OK);
    tell(&w, 1);
    assert_int_equal(a.heard, 1);
    assert_int_equal(b.heard, 0);
    assert_true(watchers_mark(&w));
    tell(&w, 2);
    tell(&w, 3);
    assert_int_equal(a.heard, 2);
    assert_int_equal(b.version, 2);
    watchers_clear(&w);
    assert_false(watchers_mark(&w));
}

static void the_list_may_change_while_it_is_told(void **state)
{
    struct watchers w = {.first = NULL};
    struct ear late = {.watchers = &w};
    struct ear a = {.watchers = &w}, b = {.watchers = &w}, c = {.watchers = &w};

    (void)state;
    /* Told in the order c, b, a. */
    assert_int_equal(watchers_add(&w, hear, &a, true), ERR_OK);
    assert_int_equal(watchers_add(&w, hear, &b, true), ERR_OK);
    assert_int_equal(watchers_add(&w, hear, &c, true), ERR_OK);
    c.removes = &b;
    c.adds = &late;
    a.removes = &a;
    tell(&w, 7);
    assert_int_equal(c.heard, 1);
    assert_int_equal(b.heard, 0);
    assert_int_equal(a.heard, 1);
    assert_int_equal(late.heard, 0);
    c.adds = NULL;
    assert_true(watchers_mark(&w));
    tell(&w, 8);
    assert_int_equal(a.heard, 1);
    assert_int_equal(late.heard, 1);
    watchers_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_is_told_once_to_each),
        cmocka_unit_test(the_list_may_change_while_it_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
