/* Enrolments that wait. */

#include "cmocka_all.h"

#include <stdio.h>

#include "cloudd/est_pending.h"

#define THING "acme:thermo-1:S1"

static enum est_verdict asks(
    struct est_pending *p, const char *id, int64_t now_ms, int64_t *wait_ms)
{
    *wait_ms = -1;
    return est_pending_ask(p, id, THING, now_ms, wait_ms);
}

static void a_delay_is_counted_from_the_first_time_it_was_asked(void **state)
{
    struct est_pending *p = est_pending_new(false, 2000);
    int64_t wait_ms;

    (void)state;
    assert_int_equal(asks(p, "a", 10000, &wait_ms), EST_WAIT);
    assert_int_equal(wait_ms, 2000);
    assert_int_equal(asks(p, "a", 11500, &wait_ms), EST_WAIT);
    assert_int_equal(wait_ms, 500);
    assert_int_equal(asks(p, "b", 11500, &wait_ms), EST_WAIT);
    assert_int_equal(wait_ms, 2000);
    assert_int_equal(asks(p, "a", 12000, &wait_ms), EST_GO_ON);
    est_pending_done(p, "a");
    assert_int_equal(asks(p, "a", 12000, &wait_ms), EST_WAIT);
    est_pending_free(p);
}

static void a_clock_that_goes_back_makes_nobody_wait_longer(void **state)
{
    struct est_pending *p = est_pending_new(false, 2000);
    int64_t wait_ms;

    (void)state;
    assert_int_equal(asks(p, "a", 1000000, &wait_ms), EST_WAIT);
    assert_int_equal(asks(p, "a", 1000, &wait_ms), EST_WAIT);
    assert_int_equal(wait_ms, 2000);
    est_pending_free(p);
}

static void who_waits_for_a_person_waits_until_the_word_is_said(void **state)
{
    struct est_pending *p = est_pending_new(true, 0);
    int64_t wait_ms;

    (void)state;
    assert_int_equal(asks(p, "a", 1, &wait_ms), EST_WAIT);
    assert_true(wait_ms > 0);
    assert_int_equal(asks(p, "a", 1000000000, &wait_ms), EST_WAIT);
    assert_false(est_pending_decide(p, "b", true));
    assert_false(est_pending_decide(p, "", true));
    assert_true(est_pending_decide(p, "a", true));
    assert_int_equal(asks(p, "a", 2, &wait_ms), EST_GO_ON);
    assert_int_equal(asks(p, "b", 2, &wait_ms), EST_WAIT);
    assert_true(est_pending_decide(p, "b", false));
    assert_int_equal(asks(p, "b", 3, &wait_ms), EST_REFUSED);
    assert_int_equal(asks(p, "b", 3, &wait_ms), EST_WAIT);
    est_pending_free(p);
}

static void the_list_shows_who_waits(void **state)
{
    struct est_pending *p = est_pending_new(true, 0);
    struct json *list;
    int64_t wait_ms;

    (void)state;
    (void)asks(p, "a", 7, &wait_ms);
    (void)asks(p, "b", 8, &wait_ms);
    assert_true(est_pending_decide(p, "b", true));
    list = est_pending_json(p);
    assert_int_equal(json_count(list), 2);
    assert_string_equal(
        json_text(json_get(json_first(list), "thingName")), THING);
    assert_null(json_get(json_first(list), "decision"));
    assert_string_equal(
        json_text(json_get(json_next(json_first(list)), "decision")),
        "approved");
    json_free(list);
    est_pending_free(p);
}

static void the_oldest_is_forgotten_when_too_many_wait(void **state)
{
    struct est_pending *p = est_pending_new(true, 0);
    int64_t wait_ms;
    char id[20];

    (void)state;
    for (int i = 0; i <= EST_PENDING_MOST; i++) {
        (void)snprintf(id, sizeof(id), "id%d", i);
        (void)asks(p, id, i, &wait_ms);
    }
    assert_false(est_pending_decide(p, "id0", true));
    assert_true(est_pending_decide(p, "id1", true));
    est_pending_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_delay_is_counted_from_the_first_time_it_was_asked),
        cmocka_unit_test(a_clock_that_goes_back_makes_nobody_wait_longer),
        cmocka_unit_test(who_waits_for_a_person_waits_until_the_word_is_said),
        cmocka_unit_test(the_list_shows_who_waits),
        cmocka_unit_test(the_oldest_is_forgotten_when_too_many_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
