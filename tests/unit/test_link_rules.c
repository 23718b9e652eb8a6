/* When a link is dead, when the broker is asked, how often: with a clock of our
 * own and networks that forget. */

#include <string.h>

#include "cloud/packet_edge.h"
#include "cloud/rhythm.h"
#include "cloud/vigil.h"
#include "cmocka_all.h"

#define R_MS 30000

static const struct vigil_rhythm half_minute = {R_MS, 0};

/* A vigil that heard the broker at `t`. */
static struct vigil heard_at(int64_t t)
{
    struct vigil v = {.heard_ms = 0};

    assert_false(vigil_heard(&v, &half_minute, t));
    return v;
}

static enum vigil_advice look(struct vigil *v, int64_t t, int64_t wait_ms)
{
    int64_t wait;
    enum vigil_advice advice = vigil_look(v, &half_minute, t, &wait);

    if (wait_ms != 0)
        assert_int_equal(wait, wait_ms);
    return advice;
}

static void nothing_is_demanded_of_a_broker_that_never_spoke(void **state)
{
    struct vigil v = {.heard_ms = 0};

    (void)state;
    vigil_said(&v, 1000);
    vigil_probe(&v);
    assert_int_equal(look(&v, 1000000, VIGIL_FOREVER), VIGIL_WAIT);
}

static void an_idle_link_is_asked_and_lives_when_answered(void **state)
{
    struct vigil v = heard_at(1000);

    (void)state;
    assert_int_equal(look(&v, 1000, R_MS), VIGIL_WAIT);
    assert_int_equal(look(&v, 1000 + R_MS - 1, 1), VIGIL_WAIT);
    assert_int_equal(look(&v, 1000 + R_MS, R_MS / 2), VIGIL_ASK);
    vigil_said(&v, 1000 + R_MS);
    assert_int_equal(look(&v, 1001 + R_MS, R_MS / 2 - 1), VIGIL_WAIT);
    assert_true(vigil_heard(&v, &half_minute, 1050 + R_MS));
    assert_int_equal(look(&v, 1050 + R_MS, R_MS), VIGIL_WAIT);
}

static void a_link_that_does_not_answer_is_dead_after_one_and_a_half(
    void **state)
{
    struct vigil v = heard_at(1000);

    (void)state;
    assert_int_equal(look(&v, 1000 + R_MS, 0), VIGIL_ASK);
    vigil_said(&v, 1000 + R_MS);
    assert_int_equal(look(&v, 1000 + R_MS * 3 / 2 - 1, 1), VIGIL_WAIT);
    assert_int_equal(look(&v, 1000 + R_MS * 3 / 2, 0), VIGIL_SILENT);
    assert_int_equal(vigil_silence_ms(&v), R_MS);
}

static void one_that_is_spoken_to_again_and_again_is_dead_no_later(void **state)
{
    struct vigil v = heard_at(1000);

    (void)state;
    for (int64_t t = 1100; t < 1000 + R_MS * 3 / 2; t += 100) {
        vigil_said(&v, t);
        assert_int_equal(look(&v, t, 0), VIGIL_WAIT);
    }
    assert_int_equal(look(&v, 1000 + R_MS * 3 / 2, 0), VIGIL_SILENT);
    assert_int_equal(vigil_silence_ms(&v), 100);
}

static void a_question_that_cannot_be_put_does_not_spin(void **state)
{
    struct vigil v = heard_at(1000);

    (void)state;
    assert_int_equal(look(&v, 1000 + R_MS, R_MS / 2), VIGIL_ASK);
    assert_int_equal(look(&v, 1001 + R_MS, R_MS / 2 - 1), VIGIL_ASK);
}

static void paho_is_left_its_time_to_ask_by_itself(void **state)
{
    const struct vigil_rhythm late = {R_MS, 4000};
    struct vigil v = heard_at(1000);
    int64_t wait;

    (void)state;
    assert_int_equal(vigil_look(&v, &late, 1000 + R_MS, &wait), VIGIL_WAIT);
    assert_int_equal(wait, 4000);
    vigil_said(&v, 1000 + R_MS + 3000);
    assert_int_equal(
        vigil_look(&v, &late, 1000 + R_MS + 4000, &wait), VIGIL_WAIT);
    assert_true(vigil_heard(&v, &late, 1000 + R_MS + 4001));
}

static void a_probe_asks_at_once_and_waits_a_few_seconds(void **state)
{
    struct vigil v = heard_at(1000);

    (void)state;
    vigil_probe(&v);
    assert_int_equal(look(&v, 2000, 0), VIGIL_ASK);
    vigil_said(&v, 2000);
    assert_int_equal(look(&v, 2000, VIGIL_PROBE_MS), VIGIL_WAIT);
    vigil_probe(&v); /* one runs already, and gets no more time */
    assert_int_equal(look(&v, 2000 + VIGIL_PROBE_MS, 0), VIGIL_UNANSWERED);
    assert_int_equal(vigil_silence_ms(&v), 1000);
}

static void an_answered_probe_is_forgotten(void **state)
{
    struct vigil v = heard_at(1000);

    (void)state;
    vigil_probe(&v);
    vigil_said(&v, 2000);
    assert_false(vigil_heard(&v, &half_minute, 2100));
    assert_int_equal(look(&v, 2100 + VIGIL_PROBE_MS, 0), VIGIL_WAIT);
}

static void who_comes_late_slept_and_probes(void **state)
{
    struct vigil v = heard_at(1000);

    (void)state;
    vigil_said(&v, 1500);
    vigil_probe(&v);
    vigil_said(&v, 1500);
    assert_int_equal(look(&v, 1500, VIGIL_PROBE_MS), VIGIL_WAIT);
    /* A probe that slept is put again: the answer had no time to come. */
    assert_int_equal(look(&v, 20000, 0), VIGIL_ASK);
    vigil_said(&v, 20000);
    assert_int_equal(look(&v, 20001, VIGIL_PROBE_MS - 1), VIGIL_WAIT);
    assert_int_equal(look(&v, 20000 + VIGIL_PROBE_MS, 0), VIGIL_UNANSWERED);
}

static void who_slept_for_one_and_a_half_does_not_ask(void **state)
{
    struct vigil v = heard_at(1000);

    (void)state;
    assert_int_equal(look(&v, 2000, 0), VIGIL_WAIT);
    assert_int_equal(look(&v, 1000 + 2 * R_MS, 0), VIGIL_SILENT);
    assert_int_equal(vigil_silence_ms(&v), 0);
}

/* --- packets ------------------------------------------------------------- */

static void edges_are_found_however_the_bytes_are_cut(void **state)
{
    static const unsigned char stream[] = {0xC0, 0, /* PINGREQ */
        0x30, 0x83, 0x00, 'a', 'b', 'c',            /* a length in two bytes */
        0x40, 2, 0, 1};
    static const bool edge_after[] = {false, true, false, false, false, false,
        false, true, false, false, false, true};

    (void)state;
    for (size_t step = 1; step <= sizeof(stream); step++) {
        struct packet_edge edge = {.left = 0};

        assert_true(packet_edge_is_here(&edge));
        for (size_t at = 0; at < sizeof(stream); at += step) {
            size_t len =
                sizeof(stream) - at < step ? sizeof(stream) - at : step;

            packet_edge_pass(&edge, stream + at, len);
            assert_int_equal(
                packet_edge_is_here(&edge), edge_after[at + len - 1]);
        }
    }
}

static void the_longest_packet_has_an_edge_and_a_longer_one_has_none(
    void **state)
{
    static const unsigned char longest[] = {0x30, 0xFF, 0xFF, 0xFF, 0x7F};
    static const unsigned char no_mqtt[] = {0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
    static const unsigned char body[65536];
    struct packet_edge edge = {.left = 0};

    (void)state;
    packet_edge_pass(&edge, longest, sizeof(longest));
    for (size_t left = 268435455; left > 0;) {
        size_t len = left < sizeof(body) ? left : sizeof(body);

        assert_false(packet_edge_is_here(&edge));
        packet_edge_pass(&edge, body, len);
        left -= len;
    }
    assert_true(packet_edge_is_here(&edge));
    packet_edge_pass(&edge, no_mqtt, sizeof(no_mqtt));
    packet_edge_pass(&edge, body, 2);
    assert_false(packet_edge_is_here(&edge));
}

/* --- rhythm -------------------------------------------------------------- */

static const struct rhythm_bounds wide = {30, 1200};

/* A network that forgets what is silent for longer than `forgets_s` (0: it
 * never does), for so many pings; gives the connections that died. */
static unsigned live(struct rhythm *r, uint32_t forgets_s, unsigned pings)
{
    unsigned deaths = 0;

    for (unsigned i = 0; i < pings; i++) {
        assert_in_range(r->now_s, wide.floor_s, wide.ceiling_s);
        assert_true(rhythm_is_sound(r));
        if (forgets_s == 0 || r->now_s <= forgets_s) {
            rhythm_survived(r, &wide);
        } else {
            rhythm_died(r, &wide, r->now_s);
            deaths++;
        }
    }
    return deaths;
}

static struct rhythm fresh(void)
{
    struct rhythm r = {.now_s = 0};

    rhythm_fit(&r, &wide);
    assert_int_equal(r.now_s, wide.ceiling_s);
    return r;
}

static void a_network_that_forgets_nothing_costs_no_connection(void **state)
{
    struct rhythm r = fresh();

    (void)state;
    assert_int_equal(live(&r, 0, 10000), 0);
    assert_int_equal(r.now_s, wide.ceiling_s);
}

static void what_a_network_bears_is_found_within_a_fifth(void **state)
{
    static const uint32_t forgets_s[] = {45, 61, 120, 300, 350, 900, 1199};

    (void)state;
    for (size_t i = 0; i < sizeof(forgets_s) / sizeof(forgets_s[0]); i++) {
        struct rhythm r = fresh();
        unsigned deaths = live(&r, forgets_s[i], 300);

        assert_in_range(deaths, 1, 14);
        assert_in_range(r.now_s, forgets_s[i] * 4 / 5, forgets_s[i]);
        /* From then on it costs a connection in RHYTHM_FORGET pings at most,
         * with a few more to find the way back. */
        assert_in_range(live(&r, forgets_s[i], 5 * RHYTHM_FORGET), 1, 40);
    }
}

static void a_network_worse_than_the_floor_is_met_at_the_floor(void **state)
{
    struct rhythm r = fresh();

    (void)state;
    live(&r, 10, 200);
    assert_int_equal(r.now_s, wide.floor_s);
}

static void one_outage_does_not_change_a_proven_rhythm(void **state)
{
    struct rhythm r = fresh();

    (void)state;
    live(&r, 0, 5);
    rhythm_died(&r, &wide, r.now_s);
    assert_int_equal(r.now_s, wide.ceiling_s);
    live(&r, 0, 5);
    rhythm_died(&r, &wide, r.now_s);
    assert_int_equal(r.now_s, wide.ceiling_s);
    rhythm_died(&r, &wide, r.now_s); /* but two in a row do */
    assert_int_equal(r.now_s, wide.ceiling_s * 2 / 3);
}

static void what_a_device_sends_before_it_pings_teaches_too(void **state)
{
    struct rhythm r = fresh();

    (void)state;
    rhythm_died(&r, &wide, 29); /* no rhythm could have helped */
    assert_int_equal(r.now_s, wide.ceiling_s);
    rhythm_died(&r, &wide, 90);
    assert_int_equal(r.bad_s, 90);
    assert_int_equal(r.now_s, 60);
    live(&r, 80, 5);
    assert_int_equal(r.good_s, 60);
    rhythm_died(&r, &wide, 50); /* a proven silence: any outage */
    assert_int_equal(r.now_s, 60);
    rhythm_died(&r, &wide, 50);
    assert_int_equal(r.now_s, 33);
    assert_int_equal(r.good_s, 0);
}

static void another_network_is_learnt_anew(void **state)
{
    struct rhythm r = fresh();

    (void)state;
    live(&r, 60, 300);
    assert_in_range(r.now_s, 48, 60);
    live(&r, 300, 3 * RHYTHM_FORGET); /* better */
    assert_in_range(r.now_s, 240, 300);
    live(&r, 60, 300); /* and worse again */
    assert_in_range(r.now_s, 48, 60);
}

static void what_was_learnt_is_fitted_into_new_bounds(void **state)
{
    const struct rhythm_bounds narrow = {40, 50};
    struct rhythm low = {.now_s = 30}, high = {.now_s = 90, .good_s = 90},
                  in = {.now_s = 45, .survived = 7};

    (void)state;
    rhythm_fit(&low, &narrow);
    rhythm_fit(&high, &narrow);
    rhythm_fit(&in, &narrow);
    assert_int_equal(low.now_s, 40);
    assert_int_equal(high.now_s, 50);
    assert_int_equal(in.now_s, 45);
    assert_int_equal(in.survived, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_demanded_of_a_broker_that_never_spoke),
        cmocka_unit_test(an_idle_link_is_asked_and_lives_when_answered),
        cmocka_unit_test(
            a_link_that_does_not_answer_is_dead_after_one_and_a_half),
        cmocka_unit_test(
            one_that_is_spoken_to_again_and_again_is_dead_no_later),
        cmocka_unit_test(a_question_that_cannot_be_put_does_not_spin),
        cmocka_unit_test(paho_is_left_its_time_to_ask_by_itself),
        cmocka_unit_test(a_probe_asks_at_once_and_waits_a_few_seconds),
        cmocka_unit_test(an_answered_probe_is_forgotten),
        cmocka_unit_test(who_comes_late_slept_and_probes),
        cmocka_unit_test(who_slept_for_one_and_a_half_does_not_ask),
        cmocka_unit_test(edges_are_found_however_the_bytes_are_cut),
        cmocka_unit_test(
            the_longest_packet_has_an_edge_and_a_longer_one_has_none),
        cmocka_unit_test(a_network_that_forgets_nothing_costs_no_connection),
        cmocka_unit_test(what_a_network_bears_is_found_within_a_fifth),
        cmocka_unit_test(a_network_worse_than_the_floor_is_met_at_the_floor),
        cmocka_unit_test(one_outage_does_not_change_a_proven_rhythm),
        cmocka_unit_test(what_a_device_sends_before_it_pings_teaches_too),
        cmocka_unit_test(another_network_is_learnt_anew),
        cmocka_unit_test(what_was_learnt_is_fitted_into_new_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
