/* What core/backoff promises. */

#include "cmocka_all.h"
#include "core/backoff.h"

static void the_widest_wait_doubles_up_to_the_ceiling(void **state)
{
    static const uint64_t widest[] = {1000, 2000, 4000, 8000, 10000, 10000};
    struct backoff b = {.first_ms = 1000, .ceiling_ms = 10000};

    (void)state;
    for (size_t i = 0; i < sizeof(widest) / sizeof(widest[0]); i++)
        assert_int_equal(backoff_next_ms(&b, UINT32_MAX), widest[i]);
}

static void the_shortest_wait_is_none_at_every_try(void **state)
{
    struct backoff b = {.first_ms = 1000, .ceiling_ms = 10000};

    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(backoff_next_ms(&b, 0), 0);
}

static void the_jitter_is_full_and_even(void **state)
{
    static const struct {
        uint32_t random;
        uint64_t wait_ms;
    } rows[] = {
        {0x3fffffff, 250},
        {0x7fffffff, 500},
        {0xbfffffff, 750}
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct backoff b = {.first_ms = 1000, .ceiling_ms = 10000};

        assert_int_equal(backoff_next_ms(&b, rows[i].random), rows[i].wait_ms);
    }
}

static void only_a_reset_makes_waits_short_again(void **state)
{
    struct backoff b = {.first_ms = 1000, .ceiling_ms = 60000};

    (void)state;
    for (int i = 0; i < 4; i++)
        (void)backoff_next_ms(&b, UINT32_MAX);
    assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 16000);
    backoff_reset(&b);
    assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 1000);
}

static void years_of_failure_do_not_overflow(void **state)
{
    struct backoff b = {.first_ms = 1, .ceiling_ms = UINT64_MAX};

    (void)state;
    for (int i = 0; i < 1000; i++)
        (void)backoff_next_ms(&b, 0);
    assert_true(backoff_next_ms(&b, UINT32_MAX) > UINT64_MAX / 2);
}

static void a_ceiling_below_the_first_wait_still_rules(void **state)
{
    struct backoff b = {.first_ms = 1000, .ceiling_ms = 300};

    (void)state;
    assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 300);
    assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_widest_wait_doubles_up_to_the_ceiling),
        cmocka_unit_test(the_shortest_wait_is_none_at_every_try),
        cmocka_unit_test(the_jitter_is_full_and_even),
        cmocka_unit_test(only_a_reset_makes_waits_short_again),
        cmocka_unit_test(years_of_failure_do_not_overflow),
        cmocka_unit_test(a_ceiling_below_the_first_wait_still_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
