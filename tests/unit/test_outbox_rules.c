/* What an outbox's pure rules say: classes, rates, its clock and its pace. */

#include "cloud/outbox_class.h"
#include "cloud/outbox_clock.h"
#include "cloud/outbox_pace.h"
#include "cmocka_all.h"

#define HOUR_MS 3600000

static void a_class_may_fill_its_share_and_at_least_one_message(void **state)
{
    static const struct {
        unsigned percent;
        struct outbox_load limits, share;
    } rows[] = {
        {100, {1000, 5000},      {1000, 5000}             },
        {50,  {1000, 5001},      {500, 2500}              },
        {1,   {99, 99},          {1, 0}                   },
        {1,   {0, 100},          {0, 1}                   },
        {33,  {100, UINT64_MAX}, {33, 6087457844344253133}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct outbox_class class = {.share_percent = rows[i].percent};
        struct outbox_load share = outbox_class_share(&class, rows[i].limits);

        assert_int_equal(share.messages, rows[i].share.messages);
        if (rows[i].limits.bytes != UINT64_MAX)
            assert_int_equal(share.bytes, rows[i].share.bytes);
        assert_true(share.bytes <= rows[i].limits.bytes);
    }
}

static void room_is_told_at_both_limits(void **state)
{
    static const struct {
        struct outbox_load now, limit;
        uint64_t size;
        bool takes;
    } rows[] = {
        {{0, 0},  {1, 10},         10,         true },
        {{0, 0},  {1, 10},         11,         false},
        {{1, 0},  {1, 10},         1,          false},
        {{1, 9},  {2, 10},         1,          true },
        {{1, 9},  {2, 10},         2,          false},
        {{1, 11}, {9, 10},         0,          false},
        {{0, 1},  {9, UINT64_MAX}, UINT64_MAX, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(
            outbox_load_takes(rows[i].now, rows[i].limit, rows[i].size),
            rows[i].takes);
}

static void only_a_lower_class_and_ones_own_make_room(void **state)
{
    const struct outbox_class low = {.priority = 1}, high = {.priority = 9},
                              same = {.priority = 9};

    (void)state;
    assert_true(outbox_class_yields(&low, &high));
    assert_false(outbox_class_yields(&high, &low));
    assert_false(outbox_class_yields(&same, &high));
    assert_true(outbox_class_yields(&high, &high));
}

static void a_message_lives_as_long_as_its_class_says(void **state)
{
    const struct outbox_class mortal = {.ttl_s = 60}, immortal = {.ttl_s = 0};

    (void)state;
    assert_int_equal(outbox_class_left_ms(&mortal, 1000, 1000), 60000);
    assert_int_equal(outbox_class_left_ms(&mortal, 1000, 60999), 1);
    assert_int_equal(outbox_class_left_ms(&mortal, 1000, 61000), 0);
    assert_int_equal(outbox_class_left_ms(&mortal, 1000, INT64_MAX), 0);
    assert_true(outbox_class_left_ms(&immortal, 0, 99999999) == INT64_MAX);
}

static void a_class_waits_from_its_part_of_the_budget_on(void **state)
{
    static const struct {
        const char *name;
        unsigned used;
        bool waits;
    } rows[] = {
        {OUTBOX_TELEMETRY, 79,  false},
        {OUTBOX_TELEMETRY, 80,  true },
        {OUTBOX_EVENT,     94,  false},
        {OUTBOX_EVENT,     95,  true },
        {OUTBOX_CRITICAL,  100, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct outbox_class class = outbox_class_default(rows[i].name);

        assert_int_equal(
            outbox_class_waits(&class, rows[i].used), rows[i].waits);
    }
}

static void a_class_name_is_short_and_plain(void **state)
{
    (void)state;
    assert_true(outbox_class_is_name("a"));
    assert_true(outbox_class_is_name("bulk_2-x"));
    assert_true(outbox_class_is_name("abcdefghijklmnop"));
    assert_false(outbox_class_is_name("abcdefghijklmnopq"));
    assert_false(outbox_class_is_name(""));
    assert_false(outbox_class_is_name("Bulk"));
    assert_false(outbox_class_is_name("a b"));
}

/* How many go within ten seconds when one asks as often as it is told to. */
static unsigned count_sent(uint32_t per_s)
{
    struct outbox_rate rate = {.at_ms = 0};
    unsigned sent = 0;

    for (int64_t now = 5000; now < 15000;) {
        int64_t wait = outbox_rate_wait_ms(&rate, per_s, now);

        assert_true(wait >= 0);
        if (wait > 0) {
            assert_true(wait <= 1000);
            now += wait;
            continue;
        }
        outbox_rate_spend(&rate, per_s);
        sent++;
    }
    return sent;
}

static void a_rate_is_kept_over_seconds_and_a_burst_is_a_tenth(void **state)
{
    static const uint32_t rates[] = {1, 2, 7, 10, 50, 333, 1000, 5000};

    (void)state;
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        unsigned sent = count_sent(rates[i]);
        unsigned burst = rates[i] / 10 > 1 ? rates[i] / 10 : 1;

        assert_in_range(sent, rates[i] * 10 - 1, rates[i] * 10 + burst);
    }
}

static void no_rate_is_no_limit_and_a_clock_that_goes_back_stops_nothing(
    void **state)
{
    struct outbox_rate rate = {.at_ms = 9000};

    (void)state;
    assert_int_equal(outbox_rate_wait_ms(&rate, 0, 5), 0);
    outbox_rate_spend(&rate, 0);
    assert_int_equal(outbox_rate_wait_ms(&rate, 10, 5), 0);
}

static struct outbox_now at(int64_t wall_ms, int64_t monotonic_ms)
{
    return (struct outbox_now){wall_ms, monotonic_ms};
}

static void the_clock_follows_the_wall_clock(void **state)
{
    struct outbox_clock c = {.now_ms = 0};

    (void)state;
    outbox_clock_start(&c, at(1790000000000, 50));
    assert_int_equal(outbox_clock_ms(&c, at(1790000000000, 50)), 1790000000000);
    assert_int_equal(
        outbox_clock_ms(&c, at(1790000060000, 60050)), 1790000060000);
    /* A clock that is corrected little by little is followed. */
    assert_int_equal(
        outbox_clock_ms(&c, at(1790000121000, 120050)), 1790000121000);
}

static void a_clock_that_is_set_makes_no_message_older(void **state)
{
    struct outbox_clock c = {.now_ms = 0};
    int64_t before;

    (void)state;
    outbox_clock_start(&c, at(5000, 1000)); /* 1970 */
    before = outbox_clock_ms(&c, at(6000, 2000));
    assert_int_equal(
        outbox_clock_ms(&c, at(1790000000000, 3000)), before + 1000);
    assert_int_equal(
        outbox_clock_ms(&c, at(1790000010000, 13000)), before + 11000);
    /* And back, an hour. */
    assert_int_equal(outbox_clock_ms(&c, at(1790000010000 - HOUR_MS, 13000)),
        before + 11000);
    assert_int_equal(
        outbox_clock_ms(&c, at(1790000010000 - HOUR_MS + 500, 13500)),
        before + 11500);
}

static void time_switched_off_counts_as_far_as_the_wall_clock_tells(
    void **state)
{
    struct outbox_clock c = {.now_ms = 0};

    (void)state;
    outbox_clock_start(&c, at(1790000000000, 50));
    c.last = at(0, 0); /* only the two numbers are kept */
    outbox_clock_start(&c, at(1790000000000 + HOUR_MS, 7));
    assert_int_equal(c.now_ms, 1790000000000 + HOUR_MS);
    /* A device without a clock's battery: time stands still. */
    outbox_clock_start(&c, at(4000, 7));
    assert_int_equal(
        outbox_clock_ms(&c, at(5000, 1007)), 1790000000000 + HOUR_MS + 1000);
}

static unsigned commits_in_ten_seconds(struct outbox_pace *p, uint64_t today)
{
    unsigned count = 0;

    for (int64_t now = 0; now < 10000;) {
        int64_t wait = outbox_pace_wait_ms(p, today, now);

        assert_true(wait >= 0);
        if (wait > 0) {
            now += wait;
            continue;
        }
        outbox_pace_note(p, now);
        count++;
    }
    return count;
}

static void commits_are_bounded_whatever_comes(void **state)
{
    struct outbox_pace p = outbox_pace_begin(100, 0, 0);
    unsigned count = commits_in_ten_seconds(&p, UINT64_MAX);

    (void)state;
    assert_in_range(count, 990, 1000 + OUTBOX_PACE_BURST);
    p = outbox_pace_begin(1, 0, 0);
    assert_in_range(commits_in_ten_seconds(&p, 0), 10, 10 + OUTBOX_PACE_BURST);
}

static void commits_are_seldom_from_half_of_the_days_bytes_on(void **state)
{
    struct outbox_pace p = outbox_pace_begin(100, 1000, 0);

    (void)state;
    assert_in_range(commits_in_ten_seconds(&p, 500), 2, 3);
    p = outbox_pace_begin(100, 1000, 0);
    assert_true(commits_in_ten_seconds(&p, 499) > 900);
    p = outbox_pace_begin(100, 1000, 0);
    assert_int_equal(commits_in_ten_seconds(&p, 1000), 1);
}

static void the_last_tenth_of_a_day_is_for_what_is_urgent(void **state)
{
    const struct outbox_pace p = outbox_pace_begin(100, 1000, 0);
    const struct outbox_pace boundless = outbox_pace_begin(100, 0, 0);

    (void)state;
    assert_true(outbox_pace_takes(&p, 899, 1));
    assert_false(outbox_pace_takes(&p, 900, 8));
    assert_true(outbox_pace_takes(&p, 900, 9));
    assert_true(outbox_pace_takes(&p, 999, 9));
    assert_false(outbox_pace_takes(&p, 1000, 9));
    assert_true(outbox_pace_takes(&boundless, UINT64_MAX, 1));
    assert_int_equal(outbox_pace_stage(&p, 499), OUTBOX_PACE_FREE);
    assert_int_equal(outbox_pace_stage(&p, 500), OUTBOX_PACE_SELDOM);
    assert_int_equal(outbox_pace_stage(&p, 1000), OUTBOX_PACE_SPENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_class_may_fill_its_share_and_at_least_one_message),
        cmocka_unit_test(room_is_told_at_both_limits),
        cmocka_unit_test(a_class_waits_from_its_part_of_the_budget_on),
        cmocka_unit_test(only_a_lower_class_and_ones_own_make_room),
        cmocka_unit_test(a_message_lives_as_long_as_its_class_says),
        cmocka_unit_test(a_class_name_is_short_and_plain),
        cmocka_unit_test(a_rate_is_kept_over_seconds_and_a_burst_is_a_tenth),
        cmocka_unit_test(
            no_rate_is_no_limit_and_a_clock_that_goes_back_stops_nothing),
        cmocka_unit_test(the_clock_follows_the_wall_clock),
        cmocka_unit_test(a_clock_that_is_set_makes_no_message_older),
        cmocka_unit_test(
            time_switched_off_counts_as_far_as_the_wall_clock_tells),
        cmocka_unit_test(commits_are_bounded_whatever_comes),
        cmocka_unit_test(commits_are_seldom_from_half_of_the_days_bytes_on),
        cmocka_unit_test(the_last_tenth_of_a_day_is_for_what_is_urgent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
