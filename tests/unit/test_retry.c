/* How long a session waits, and how much it takes to call a life stable. */

#include "cloud/retry.h"
#include "cmocka_all.h"

#define MOST UINT32_MAX /* the random number of the longest wait */

/* Without the offset, so that random numbers mean what they say. */
static struct retry begin(void)
{
    struct retry retry = retry_begin("t");

    retry.backoff.offset = 0;
    return retry;
}

static struct verdict why(const char *word, bool slow)
{
    return (struct verdict){.why = word, .detail = "what; do", .slow = slow};
}

/* One life and its end; the wait behind it. */
static uint64_t live_and_end(
    struct retry *retry, bool stable, struct verdict verdict, uint32_t random)
{
    if (stable)
        retry_stable(retry);
    retry_note_life(retry, stable, &verdict);
    retry_note_end(retry, &verdict);
    return retry_wait_ms(retry, &verdict, random);
}

static void a_stable_connection_is_sought_again_within_two_seconds(void **state)
{
    struct retry retry = begin();
    struct verdict tcp = why("tcp", false);
    uint64_t waited;

    (void)state;
    for (int i = 0; i < 10; i++)
        (void)retry_wait_ms(&retry, &tcp, MOST);
    waited = live_and_end(&retry, true, why("lost", false), MOST);
    assert_in_range(waited, RETRY_FIRST_MS, RETRY_FIRST_MS);
    /* It is not there yet: two more that short. */
    for (int i = 0; i < 2; i++)
        assert_int_equal(retry_wait_ms(&retry, &tcp, MOST), RETRY_FIRST_MS);
    assert_int_equal(retry_wait_ms(&retry, &tcp, MOST), 2 * RETRY_FIRST_MS);
}

#define DEVICES  400 /* each with an offset of its own */
#define OUTAGES  40  /* lengths of one, evenly up to ... */
#define LONGEST  RETRY_QUICK_MS
#define JITTERS  60 /* rows of random numbers */
#define EXTREMES 3  /* of them: always 0, always the most, in turns */

static uint32_t random_of(int row, int turn)
{
    uint32_t x = (uint32_t)(row * 7919 + turn * 104729 + 1) * 2654435761U;

    if (row < EXTREMES)
        return row == 0 ? 0 : row == 1 || turn % 2 == 0 ? MOST : 0;
    x ^= x >> 15;
    x *= 0x2c1b3c6dU;
    return x ^ x >> 13;
}

/* How long a broker that was away for so long is there before the device that
 * lost it tries; each try before fails at once. */
static uint64_t late_ms(struct retry retry, int row, uint64_t away_ms)
{
    struct verdict lost = why("lost", false), tcp = why("tcp", false);
    uint64_t at = live_and_end(&retry, true, lost, random_of(row, 0));

    for (int turn = 1; at < away_ms; turn++)
        at += retry_wait_ms(&retry, &tcp, random_of(row, turn));
    return at - away_ms;
}

/* The latest of all devices, outages and jitters. */
static uint64_t latest_ms(uint64_t shortest_away_ms, uint64_t longest_away_ms)
{
    uint64_t latest = 0;

    for (int i = 0; i < DEVICES; i++) {
        struct retry retry = retry_begin("t");

        retry.backoff.offset = (uint32_t)(i + 1) * (MOST / DEVICES);
        for (int row = 0; row < JITTERS; row++)
            for (uint64_t n = 0; n <= OUTAGES; n++) {
                uint64_t away = shortest_away_ms +
                    (longest_away_ms - shortest_away_ms) * n / OUTAGES;
                uint64_t late = late_ms(retry, row, away);

                latest = late > latest ? late : latest;
            }
    }
    return latest;
}

static void a_broker_that_restarts_is_found_within_a_second_by_any_device(
    void **state)
{
    (void)state;
    assert_in_range(
        latest_ms(0, LONGEST), RETRY_FIRST_MS * 9 / 10, RETRY_FIRST_MS);
}

/* The twin: the table has devices that would be late. */
static void one_that_was_away_for_longer_may_be_found_later(void **state)
{
    (void)state;
    assert_true(latest_ms(2 * LONGEST, 3 * LONGEST) > 2 * RETRY_FIRST_MS);
}

static void a_kick_soon_after_the_connack_makes_the_next_wait_longer(
    void **state)
{
    static const uint64_t widest[] = {1000, 2000, 4000, 8000, 16000};
    struct retry retry = begin();

    (void)state;
    retry_stable(&retry); /* long ago; its quick waits are for outages */
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            live_and_end(&retry, false, why("kicked", false), MOST), widest[i]);
}

static void quick_waits_are_for_outages_and_not_for_refusals(void **state)
{
    static const char *const words[] = {"policy", "no_suback", "kicked", "tls"};

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        struct retry retry = begin();

        assert_int_equal(
            live_and_end(&retry, true, why(words[i], false), MOST), 1000);
        assert_int_equal(
            live_and_end(&retry, false, why(words[i], false), MOST), 2000);
    }
}

static void a_broker_that_says_it_shuts_down_is_an_outage(void **state)
{
    struct retry retry = begin();
    struct verdict kicked = why("kicked", false), tcp = why("tcp", false);

    (void)state;
    kicked.shuts_down = true;
    for (int i = 0; i < 2; i++)
        assert_int_equal(i == 0 ? live_and_end(&retry, true, kicked, MOST)
                                : retry_wait_ms(&retry, &tcp, MOST),
            RETRY_FIRST_MS);
    assert_int_equal(retry_wait_ms(&retry, &tcp, MOST), RETRY_FIRST_MS);
    assert_int_equal(retry_wait_ms(&retry, &tcp, MOST), 2 * RETRY_FIRST_MS);
}

static void no_wait_is_longer_than_the_ceiling(void **state)
{
    struct retry retry = begin();
    struct verdict tcp = why("tcp", false);
    uint64_t wait = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        wait = retry_wait_ms(&retry, &tcp, MOST);
    assert_int_equal(wait, RETRY_CEILING_MS);
}

static void who_is_busy_is_left_alone_and_not_met_by_all_at_once(void **state)
{
    struct retry retry = begin(), other = begin();
    struct verdict busy = why("busy", true);

    (void)state;
    assert_int_equal(retry_wait_ms(&retry, &busy, 0), RETRY_SLOW_MS);
    assert_int_equal(retry_wait_ms(&other, &busy, MOST), 2 * RETRY_SLOW_MS);
}

static void the_brokers_hint_is_kept_to_and_spread(void **state)
{
    struct retry retry = begin();
    struct verdict hint = why("busy", true);

    (void)state;
    hint.retry_after_s = 600;
    assert_int_equal(retry_wait_ms(&retry, &hint, 0), 600000);
    assert_int_equal(
        retry_wait_ms(&retry, &hint, MOST), 600000 + RETRY_CEILING_MS);
    hint.retry_after_s = 2; /* never sooner than without */
    assert_int_equal(retry_wait_ms(&retry, &hint, 0), RETRY_SLOW_MS);
    hint.slow = false; /* a kick, say */
    assert_int_equal(retry_wait_ms(&retry, &hint, 0), 2000);
}

static void no_hint_keeps_a_device_away_for_more_than_an_hour(void **state)
{
    struct retry retry = begin();
    struct verdict hint = why("busy", true);

    (void)state;
    hint.retry_after_s = UINT32_MAX;
    assert_int_equal(retry_wait_ms(&retry, &hint, 0), 3600000);
}

/* Each comes back when the other has been there for the wait of its own. */
static void against_a_rival_the_waits_grow_to_the_ceiling_and_stay(void **state)
{
    struct retry retry = begin();
    uint64_t wait = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        /* On for as long as the rival waits, which never proves stable. */
        bool stable = wait >= retry_stable_after_ms(&retry);

        assert_false(stable);
        wait = live_and_end(&retry, stable, why("duplicate", true), MOST);
    }
    assert_int_equal(wait, RETRY_SLOW_MS + RETRY_CEILING_MS);
    /* An outage between two take-overs is no proof that it is gone. */
    (void)live_and_end(&retry, false, why("tcp", false), MOST);
    assert_int_equal(retry_stable_after_ms(&retry), RETRY_RIVAL_MS);
    retry_stable(&retry);
    assert_int_equal(retry_stable_after_ms(&retry), RETRY_STABLE_MS);
}

/* Without MQTT 5 nobody says "duplicate". */
static void a_pattern_of_short_lives_counts_as_a_rival(void **state)
{
    struct retry retry = begin();

    (void)state;
    for (int i = 0; i < 2; i++)
        (void)live_and_end(&retry, false, why("lost", false), MOST);
    assert_int_equal(retry_stable_after_ms(&retry), RETRY_STABLE_MS);
    (void)live_and_end(&retry, false, why("lost", false), MOST);
    assert_int_equal(retry_stable_after_ms(&retry), RETRY_RIVAL_MS);
    for (int i = 0; i < 20; i++)
        (void)live_and_end(&retry, false, why("lost", false), MOST);
    assert_int_equal(live_and_end(&retry, false, why("lost", false), MOST),
        RETRY_CEILING_MS);
}

/* A cable that is pulled again and again is no rival. */
static void lives_that_our_own_interface_ends_are_no_sign_of_a_rival(
    void **state)
{
    struct retry retry = begin();

    (void)state;
    for (int i = 0; i < 10; i++)
        (void)live_and_end(&retry, false, why("interface", false), MOST);
    assert_int_equal(retry_stable_after_ms(&retry), RETRY_STABLE_MS);
    /* Nor do they hide one. */
    for (int i = 0; i < 3; i++) {
        (void)live_and_end(&retry, false, why("lost", false), MOST);
        (void)live_and_end(&retry, false, why("interface", false), MOST);
    }
    assert_int_equal(retry_stable_after_ms(&retry), RETRY_RIVAL_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_stable_connection_is_sought_again_within_two_seconds),
        cmocka_unit_test(
            a_kick_soon_after_the_connack_makes_the_next_wait_longer),
        cmocka_unit_test(
            a_broker_that_restarts_is_found_within_a_second_by_any_device),
        cmocka_unit_test(one_that_was_away_for_longer_may_be_found_later),
        cmocka_unit_test(quick_waits_are_for_outages_and_not_for_refusals),
        cmocka_unit_test(a_broker_that_says_it_shuts_down_is_an_outage),
        cmocka_unit_test(no_wait_is_longer_than_the_ceiling),
        cmocka_unit_test(who_is_busy_is_left_alone_and_not_met_by_all_at_once),
        cmocka_unit_test(the_brokers_hint_is_kept_to_and_spread),
        cmocka_unit_test(no_hint_keeps_a_device_away_for_more_than_an_hour),
        cmocka_unit_test(
            against_a_rival_the_waits_grow_to_the_ceiling_and_stay),
        cmocka_unit_test(a_pattern_of_short_lives_counts_as_a_rival),
        cmocka_unit_test(
            lives_that_our_own_interface_ends_are_no_sign_of_a_rival),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
