/* So much a second, a second's worth at once; the clock is the test's. */

#include "cmocka_all.h"

#include "cloud-mock/lib/quota.h"

#define START_MS 1591142747000

/* How many are granted now? */
static int taken(struct quota *quota, int64_t now_ms)
{
    int count = 0;

    while (quota_take(quota, now_ms))
        count++;
    return count;
}

static void a_seconds_worth_is_there_at_once_and_no_more(void **state)
{
    struct quota quota;

    (void)state;
    quota_start(&quota, 100, START_MS);
    assert_int_equal(taken(&quota, START_MS), 100);
    assert_int_equal(taken(&quota, START_MS), 0);
}

static void it_comes_back_evenly(void **state)
{
    struct quota quota;

    (void)state;
    quota_start(&quota, 100, START_MS);
    (void)taken(&quota, START_MS);
    assert_int_equal(taken(&quota, START_MS + 9), 0);
    assert_int_equal(taken(&quota, START_MS + 10), 1);
    assert_int_equal(taken(&quota, START_MS + 500), 49);
    quota_start(&quota, 1, START_MS);
    assert_int_equal(taken(&quota, START_MS), 1);
    assert_int_equal(taken(&quota, START_MS + 999), 0);
    assert_int_equal(taken(&quota, START_MS + 1000), 1);
}

static void what_is_refused_is_not_counted(void **state)
{
    struct quota quota;

    (void)state;
    quota_start(&quota, 1, START_MS);
    for (int ms = 0; ms < 1000; ms++)
        assert_int_equal(taken(&quota, START_MS + ms), ms == 0);
    assert_int_equal(taken(&quota, START_MS + 1000), 1);
}

static void a_rest_saves_no_more_than_a_second(void **state)
{
    struct quota quota;

    (void)state;
    quota_start(&quota, 20, START_MS);
    assert_int_equal(taken(&quota, START_MS + 1000000), 20);
    assert_int_equal(taken(&quota, INT64_MAX / 2), 20);
}

static void a_clock_set_back_gives_nothing_and_takes_nothing(void **state)
{
    struct quota quota;

    (void)state;
    quota_start(&quota, 20, START_MS);
    assert_true(quota_take(&quota, START_MS));
    assert_int_equal(taken(&quota, START_MS - 3600000), 19);
    assert_int_equal(taken(&quota, START_MS - 3600000 + 100), 2);
}

static void what_is_owed_is_waited_for(void **state)
{
    struct quota quota;

    (void)state;
    quota_start(&quota, 524288, START_MS);
    quota_spend(&quota, 524288, START_MS);
    assert_int_equal(quota_wait_ms(&quota, START_MS), 0);
    quota_spend(&quota, 1, START_MS);
    assert_int_equal(quota_wait_ms(&quota, START_MS), 1);
    quota_spend(&quota, 524287, START_MS);
    assert_int_equal(quota_wait_ms(&quota, START_MS), 1000);
    assert_int_equal(quota_wait_ms(&quota, START_MS + 400), 600);
    assert_false(quota_take(&quota, START_MS + 999));
    assert_int_equal(quota_wait_ms(&quota, START_MS + 1000), 0);
    assert_int_equal(quota_wait_ms(&quota, START_MS + 5000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seconds_worth_is_there_at_once_and_no_more),
        cmocka_unit_test(it_comes_back_evenly),
        cmocka_unit_test(what_is_refused_is_not_counted),
        cmocka_unit_test(a_rest_saves_no_more_than_a_second),
        cmocka_unit_test(a_clock_set_back_gives_nothing_and_takes_nothing),
        cmocka_unit_test(what_is_owed_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
