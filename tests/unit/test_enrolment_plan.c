/* When an enrolment acts, and what it does next: tables. */

#include "cmocka_all.h"
#include "device/enrolment_plan.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DAY      INT64_C(86400)
#define NOW      INT64_C(1800000000)

/* Rows: states; columns: DUE GOT FAILED ACCEPTED REFUSED GIVEN_UP. */
#define R ENROLMENT_RESTING
#define A ENROLMENT_ASKING
#define T ENROLMENT_TRYING
#define B ENROLMENT_BETWEEN
static const enum enrolment_state table[4][6] = {
    {A, R, R, R, R, R},
    {A, T, R, A, A, A},
    {T, T, T, R, B, R},
    {T, B, B, B, B, R},
};

static void every_transition_is_as_specified(void **state)
{
    (void)state;
    for (int s = 0; s < 4; s++)
        for (int e = 0; e < 6; e++)
            assert_int_equal(enrolment_next((enum enrolment_state)s,
                                 (enum enrolment_event)e),
                table[s][e]);
}

/* 90 days, 10 of them over; the monotonic clock says 5000 s. */
static struct enrolment_times ninety_days(void)
{
    return (struct enrolment_times){.now_ms = 5000000,
        .now_wall_s = NOW,
        .is_operational = true,
        .from_s = NOW - 10 * DAY,
        .until_s = NOW + 80 * DAY,
        .percent = 66};
}

static int64_t days_until_due(const struct enrolment_times *t)
{
    return (enrolment_due_ms(t) - t->now_ms) / (DAY * 1000);
}

static void a_certificate_is_renewed_at_its_part_of_its_life(void **state)
{
    struct enrolment_times t = ninety_days();

    (void)state;
    assert_int_equal(days_until_due(&t), 49); /* 59.4 - 10 */
    t.percent = 50;
    assert_int_equal(days_until_due(&t), 35);
    t.random = UINT32_MAX; /* a twentieth of 90 days earlier */
    assert_int_equal(days_until_due(&t), 30);
}

static void a_clock_that_jumps_moves_the_renewal_and_does_not_lose_it(
    void **state)
{
    struct enrolment_times t = ninety_days();

    (void)state;
    t.now_wall_s = NOW + 60 * DAY; /* slept, or set */
    assert_true(enrolment_due_ms(&t) <= t.now_ms);
    t.now_wall_s = NOW - 30 * DAY; /* set back: later, by as much */
    assert_int_equal(days_until_due(&t), 79);
    t.now_wall_s = INT64_MAX;
    assert_true(enrolment_due_ms(&t) < t.now_ms);
    t.now_wall_s = INT64_MIN;
    assert_true(enrolment_due_ms(&t) > t.now_ms);
}

static void without_an_operational_identity_it_is_due_at_once(void **state)
{
    struct enrolment_times t = {.now_ms = 7, .now_wall_s = NOW, .percent = 66};

    (void)state;
    assert_int_equal(enrolment_due_ms(&t), 7);
}

static void a_life_that_makes_no_sense_is_renewed_soon(void **state)
{
    struct enrolment_times t = ninety_days();

    (void)state;
    t.until_s = t.from_s - 5;
    assert_true(enrolment_due_ms(&t) <= t.now_ms);
    t.from_s = INT64_MIN;
    t.until_s = INT64_MAX;
    (void)enrolment_due_ms(&t); /* nothing overflows */
}

static void failures_widen_the_wait_up_to_six_hours(void **state)
{
    static const struct {
        unsigned failures;
        int64_t wait_s;
    } rows[] = {
        {1,    60   },
        {2,    120  },
        {3,    240  },
        {8,    7680 },
        {9,    15360},
        {10,   21600},
        {1000, 21600},
    };
    struct enrolment_times t = ninety_days();

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        t.failures = rows[i].failures;
        assert_int_equal(enrolment_back_off_ms(&t), rows[i].wait_s * 1000);
    }
    t.random = UINT32_MAX;
    assert_in_range(enrolment_back_off_ms(&t), 16200000, 16300000);
}

static void the_last_part_of_a_life_holds_many_tries(void **state)
{
    struct enrolment_times t = ninety_days();

    (void)state;
    t.failures = 20;
    t.now_wall_s = t.until_s - 3600;
    assert_int_equal(enrolment_back_off_ms(&t), 360000);
    t.now_wall_s = t.until_s - 5;
    assert_int_equal(enrolment_back_off_ms(&t), 10000);
}

static void a_server_that_says_when_is_not_asked_sooner(void **state)
{
    struct enrolment_times t = ninety_days();

    (void)state;
    t.failures = 1;
    t.told_s = 7200;
    assert_int_equal(enrolment_back_off_ms(&t), 7200000);
    t.told_s = 5;
    assert_int_equal(enrolment_back_off_ms(&t), 60000);
}

static void after_a_failure_it_waits_and_then_is_due(void **state)
{
    struct enrolment_times t = ninety_days();

    (void)state;
    t.now_wall_s = NOW + 70 * DAY;
    t.failures = 1;
    t.failed_ms = t.now_ms;
    assert_int_equal(enrolment_due_ms(&t), t.now_ms + 60000);
}

static void a_ca_that_dates_back_is_not_asked_again_and_again(void **state)
{
    struct enrolment_times t = ninety_days();

    (void)state;
    t.now_wall_s = NOW + 70 * DAY; /* issued when most of its life was over */
    t.succeeded_ms = t.now_ms;
    assert_int_equal(enrolment_due_ms(&t), t.now_ms + 3600000);
    t.until_s = t.now_wall_s + 30;
    assert_int_equal(enrolment_due_ms(&t), t.now_ms + 10000);
    t.until_s = t.now_wall_s;
    assert_int_equal(enrolment_due_ms(&t), t.now_ms + 2000);
}

static void the_factory_identity_is_the_way_back_and_turns_are_taken(
    void **state)
{
    static const struct {
        unsigned refusals;
        bool operational, over, shows;
    } rows[] = {
        {0, true,  false, true },
        {2, true,  false, true },
        {3, true,  false, false},
        {2, false, false, false},
        {3, false, false, true },
        {0, true,  true,  false},
        {3, false, true,  false},
        {9, false, true,  false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct enrolment_times t = ninety_days();

        t.is_operational = rows[i].operational;
        t.now_wall_s = rows[i].over ? t.until_s : NOW;
        assert_int_equal(
            enrolment_shows_operational(&t, rows[i].refusals), rows[i].shows);
    }
}

static void a_clock_that_was_wrong_brings_the_operational_one_back(void **state)
{
    struct enrolment_times t = ninety_days();

    (void)state;
    t.is_operational = false;
    t.was_over = true;
    t.now_wall_s = t.until_s;
    assert_false(enrolment_shows_operational(&t, 0));
    t.now_wall_s = t.until_s - 1;
    assert_true(enrolment_shows_operational(&t, 0));
    t.was_over =
        false; /* the twin: it was refused, and a clock heals nothing */
    assert_false(enrolment_shows_operational(&t, 0));
    t.is_operational = true; /* not begun: then the clock is wrong */
    t.now_wall_s = t.from_s - 1000 * DAY;
    assert_true(enrolment_shows_operational(&t, 0));
}

static void a_refusal_is_believed_sooner_than_a_network_that_is_away(
    void **state)
{
    (void)state;
    assert_true(enrolment_is_refusal("refused"));
    assert_true(enrolment_is_refusal("policy"));
    assert_false(enrolment_is_refusal("dns"));
    assert_false(enrolment_gives_up("refused", 2));
    assert_true(enrolment_gives_up("refused", 3));
    assert_false(enrolment_gives_up("tcp", 19));
    assert_true(enrolment_gives_up("tcp", 20));
    assert_int_equal(enrolment_between_ms(1), 4000);
    assert_int_equal(enrolment_between_ms(40), 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_transition_is_as_specified),
        cmocka_unit_test(a_certificate_is_renewed_at_its_part_of_its_life),
        cmocka_unit_test(
            a_clock_that_jumps_moves_the_renewal_and_does_not_lose_it),
        cmocka_unit_test(without_an_operational_identity_it_is_due_at_once),
        cmocka_unit_test(a_life_that_makes_no_sense_is_renewed_soon),
        cmocka_unit_test(failures_widen_the_wait_up_to_six_hours),
        cmocka_unit_test(the_last_part_of_a_life_holds_many_tries),
        cmocka_unit_test(a_server_that_says_when_is_not_asked_sooner),
        cmocka_unit_test(after_a_failure_it_waits_and_then_is_due),
        cmocka_unit_test(a_ca_that_dates_back_is_not_asked_again_and_again),
        cmocka_unit_test(
            the_factory_identity_is_the_way_back_and_turns_are_taken),
        cmocka_unit_test(
            a_clock_that_was_wrong_brings_the_operational_one_back),
        cmocka_unit_test(
            a_refusal_is_believed_sooner_than_a_network_that_is_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
