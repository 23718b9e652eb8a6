/* What cloudd/rate promises; the clock is ours. */

#include <stdio.h>

#include "cloudd/rate.h"
#include "cmocka_all.h"

static const struct rate_options options = {.free_tries = 3,
    .first_ms = 1000,
    .longest_ms = 60000,
    .forget_ms = 3600000,
    .keys = 4};

static int set_up(void **state)
{
    *state = rate_new(&options);
    return *state == NULL;
}

static int tear_down(void **state)
{
    rate_free(*state);
    return 0;
}

static void fail_times(
    struct rate *r, const char *key, int times, int64_t now_ms)
{
    for (int i = 0; i < times; i++)
        rate_failed(r, key, now_ms);
}

static void nobody_waits_before_failing_often(void **state)
{
    struct rate *r = *state;

    assert_int_equal(rate_wait_ms(r, "ann", 0), 0);
    fail_times(r, "ann", 2, 0);
    assert_int_equal(rate_wait_ms(r, "ann", 0), 0);
}

static void the_wait_doubles_with_each_failure_up_to_the_longest(void **state)
{
    static const struct {
        int failures;
        int64_t wait_ms;
    } table[] = {
        {3,    1000 },
        {4,    2000 },
        {5,    4000 },
        {6,    8000 },
        {7,    16000},
        {8,    32000},
        {9,    60000},
        {10,   60000},
        {5000, 60000}
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct rate *r = rate_new(&options);

        assert_non_null(r);
        fail_times(r, "ann", table[i].failures, 100);
        assert_int_equal(rate_wait_ms(r, "ann", 100), table[i].wait_ms);
        rate_free(r);
    }
}

static void the_wait_runs_out(void **state)
{
    struct rate *r = *state;

    fail_times(r, "ann", 4, 0);
    assert_int_equal(rate_wait_ms(r, "ann", 1500), 500);
    assert_int_equal(rate_wait_ms(r, "ann", 2000), 0);
    assert_int_equal(rate_wait_ms(r, "ann", 9000), 0);
}

static void the_wait_begins_when_the_failure_turns_out(void **state)
{
    struct rate *r = *state;

    fail_times(r, "ann", 3, 0);
    rate_touch(r, "ann", 800);
    rate_touch(r, "nobody", 800);
    assert_int_equal(rate_wait_ms(r, "ann", 800), 1000);
    assert_int_equal(rate_wait_ms(r, "nobody", 800), 0);
}

static void somebody_else_does_not_wait(void **state)
{
    struct rate *r = *state;

    fail_times(r, "ann", 9, 0);
    assert_int_equal(rate_wait_ms(r, "bob", 0), 0);
}

static void success_and_quiet_time_are_forgiveness(void **state)
{
    struct rate *r = *state;

    fail_times(r, "ann", 9, 0);
    rate_forgive(r, "ann");
    assert_int_equal(rate_wait_ms(r, "ann", 0), 0);
    fail_times(r, "bob", 9, 0);
    fail_times(r, "bob", 1, 3600000);
    assert_int_equal(rate_wait_ms(r, "bob", 3600000), 0);
    rate_forgive(r, "never seen");
}

static void when_full_the_longest_quiet_key_makes_room(void **state)
{
    struct rate *r = *state;
    char key[16];

    for (int i = 0; i < 5; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        fail_times(r, key, 4, i);
    }
    assert_int_equal(rate_wait_ms(r, "k0", 5), 0);
    assert_true(rate_wait_ms(r, "k1", 5) > 0);
    assert_true(rate_wait_ms(r, "k4", 5) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            nobody_waits_before_failing_often, set_up, tear_down),
        cmocka_unit_test(the_wait_doubles_with_each_failure_up_to_the_longest),
        cmocka_unit_test_setup_teardown(the_wait_runs_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_wait_begins_when_the_failure_turns_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            somebody_else_does_not_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            success_and_quiet_time_are_forgiveness, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            when_full_the_longest_quiet_key_makes_room, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
