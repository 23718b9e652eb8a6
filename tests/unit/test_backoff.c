/* What core/backoff promises. */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

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

static void quick_waits_come_before_the_widening_ones(void **state)
{
    static const uint64_t widest[] = {1000, 1000, 1000, 2000, 4000};
    struct backoff b = {
        .first_ms = 1000, .ceiling_ms = 60000, .quick_ms = 2000};

    (void)state;
    for (size_t i = 0; i < sizeof(widest) / sizeof(widest[0]); i++)
        assert_int_equal(backoff_next_ms(&b, UINT32_MAX), widest[i]);
}

static void short_quick_waits_do_not_use_the_quick_time_up(void **state)
{
    struct backoff b = {
        .first_ms = 1000, .ceiling_ms = 60000, .quick_ms = 2000};

    (void)state;
    for (int i = 0; i < 6; i++) /* 1,800 ms */
        assert_int_equal(backoff_next_ms(&b, UINT32_MAX / 5), 300);
    for (int i = 0; i < 2; i++)
        assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 1000);
    assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 2000);
}

/* A generator that always says 0 must not make it try again for ever. */
static void the_quick_time_has_at_most_sixteen_waits(void **state)
{
    struct backoff b = {
        .first_ms = 1000, .ceiling_ms = 60000, .quick_ms = 2000};

    (void)state;
    for (int i = 0; i < 16; i++)
        assert_int_equal(backoff_next_ms(&b, 0), 125);
    assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 1000);
    assert_int_equal(backoff_next_ms(&b, UINT32_MAX), 2000);
}

#define DEVICES 1000
#define PARTS   10

/* How many of a fleet, none of which has a good random number, wait in each
 * tenth of the window of the given turn. */
static void spread(int turn, bool with_offset, int parts[PARTS])
{
    memset(parts, 0, PARTS * sizeof(*parts));
    for (int i = 0; i < DEVICES; i++) {
        struct backoff b = {.first_ms = 1000, .ceiling_ms = 1000};
        char name[40];
        uint64_t wait_ms = 0;

        (void)snprintf(name, sizeof(name), "acme:thermo-1:S%d", i);
        if (with_offset)
            b.offset = backoff_offset(name);
        for (int n = 0; n <= turn; n++)
            wait_ms = backoff_next_ms(&b, 12345);
        parts[wait_ms * PARTS / 1001]++;
    }
}

static void a_fleet_without_entropy_spreads_by_its_names(void **state)
{
    int parts[PARTS];

    (void)state;
    for (int turn = 0; turn < 4; turn++) {
        spread(turn, true, parts);
        for (int i = 0; i < PARTS; i++)
            assert_in_range(parts[i], DEVICES / PARTS / 2, DEVICES / PARTS * 2);
    }
}

static void twin_without_the_offset_such_a_fleet_comes_at_once(void **state)
{
    int parts[PARTS];

    (void)state;
    spread(0, false, parts);
    assert_int_equal(parts[0], DEVICES);
}

static void a_device_without_entropy_waits_differently_each_time(void **state)
{
    struct backoff b = {.first_ms = 1000,
        .ceiling_ms = 1000,
        .offset = backoff_offset("acme:thermo-1:S1")};
    uint64_t first = backoff_next_ms(&b, 0), differing = 0;

    (void)state;
    b.ceiling_ms = 1000000;
    for (int i = 0; i < 4; i++)
        differing += backoff_next_ms(&b, 0) != first;
    assert_true(differing >= 3);
}

static void a_good_random_number_stays_even(void **state)
{
    struct backoff b = {.first_ms = 1000,
        .ceiling_ms = 1000,
        .offset = backoff_offset("acme:thermo-1:S1")};
    int parts[PARTS] = {0};

    (void)state;
    for (uint32_t i = 0; i < DEVICES; i++) {
        backoff_reset(&b);
        parts[backoff_next_ms(&b, i * (UINT32_MAX / DEVICES)) * PARTS / 1001]++;
    }
    for (int i = 0; i < PARTS; i++)
        assert_in_range(parts[i], DEVICES / PARTS - 2, DEVICES / PARTS + 2);
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
        cmocka_unit_test(quick_waits_come_before_the_widening_ones),
        cmocka_unit_test(short_quick_waits_do_not_use_the_quick_time_up),
        cmocka_unit_test(the_quick_time_has_at_most_sixteen_waits),
        cmocka_unit_test(a_fleet_without_entropy_spreads_by_its_names),
        cmocka_unit_test(twin_without_the_offset_such_a_fleet_comes_at_once),
        cmocka_unit_test(a_device_without_entropy_waits_differently_each_time),
        cmocka_unit_test(a_good_random_number_stays_even),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
