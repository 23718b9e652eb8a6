/* What an outbox promises of classes: who goes first, who makes room, who is
 * over, and that all of it is counted. */

#include "outbox_classes_world.h"

static void the_higher_class_goes_first_and_each_keeps_its_order(void **state)
{
    struct classes_world *cw = *state;

    put_numbers(cw, "telemetry", 1, 3);
    put_numbers(cw, "event", 11, 13);
    put_numbers(cw, "critical", 21, 22);
    assert_string_equal(drained(cw), "21 22 11 12 13 1 2 3");
}

static void among_equals_they_take_turns(void **state)
{
    struct classes_world *cw = *state;

    put_numbers(cw, "event", 1, 3);
    put_numbers(cw, "bulk", 11, 13);
    assert_string_equal(drained(cw), "1 11 2 12 3 13");
}

static void an_unknown_class_is_refused(void **state)
{
    struct classes_world *cw = *state;

    assert_int_equal(try_put_in(cw, "nobody", "x", false), ERR_NOT_FOUND);
    assert_false(outbox_needs_commit(cw->world.ob));
}

static void when_its_share_is_full_a_class_drops_its_own_oldest(void **state)
{
    struct classes_world *cw = *state;

    cw->world.options.limit_messages = 10;
    open_again(&cw->world); /* telemetry: five */
    put_numbers(cw, "event", 1, 2);
    put_numbers(cw, "telemetry", 11, 17);
    assert_string_equal(drained(cw), "1 2 13 14 15 16 17");
    assert_int_equal(figures_of(cw, "telemetry").dropped[OUTBOX_FULL], 2);
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_FULL], 0);
}

static void when_all_is_full_the_lowest_class_makes_room(void **state)
{
    struct classes_world *cw = *state;

    cw->world.options.limit_messages = 6;
    open_again(&cw->world);
    put_numbers(cw, "telemetry", 1, 2);
    put_numbers(cw, "event", 11, 14);
    put_numbers(cw, "critical", 21, 23);
    assert_string_equal(drained(cw), "21 22 23 12 13 14");
    assert_int_equal(figures_of(cw, "telemetry").dropped[OUTBOX_FULL], 2);
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_FULL], 1);
}

static void a_lower_class_never_pushes_out_a_higher_one(void **state)
{
    struct classes_world *cw = *state;

    cw->world.options.limit_messages = 4;
    open_again(&cw->world);
    put_numbers(cw, "critical", 1, 4);
    assert_int_equal(try_put_in(cw, "event", "x", false), ERR_AGAIN);
    assert_string_equal(drained(cw), "1 2 3 4");
    assert_int_equal(figures_of(cw, "event").refused, 1);
    assert_int_equal(outbox_figures(cw->world.ob).dropped, 0);
}

static void drop_newest_refuses_and_counts_a_drop(void **state)
{
    struct classes_world *cw = *state;

    cw->world.options.limit_messages = 3;
    rules_of(cw, "event")->when_full = OUTBOX_DROP_NEWEST;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 3);
    assert_int_equal(try_put_in(cw, "event", "4", false), ERR_AGAIN);
    assert_string_equal(drained(cw), "1 2 3");
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_FULL], 1);
    /* For a higher class it loses its newest. */
    outbox_rewind(cw->world.ob);
    put_numbers(cw, "critical", 9, 9);
    assert_string_equal(drained(cw), "9 1 2");
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_FULL], 2);
}

static void who_asks_to_be_told_hears_busy_and_nothing_is_dropped(void **state)
{
    struct classes_world *cw = *state;

    cw->world.options.limit_messages = 2;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 2);
    assert_int_equal(try_put_in(cw, "event", "3", true), ERR_AGAIN);
    assert_int_equal(try_put_in(cw, "critical", "3", true), ERR_AGAIN);
    assert_string_equal(drained(cw), "1 2");
    assert_int_equal(outbox_figures(cw->world.ob).dropped, 0);
    assert_int_equal(figures_of(cw, "event").refused, 1);
    assert_int_equal(figures_of(cw, "critical").refused, 1);
}

/* The twin: without asking, the same put drops. */
static void who_does_not_ask_to_be_told_makes_it_drop(void **state)
{
    struct classes_world *cw = *state;

    cw->world.options.limit_messages = 2;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 3);
    assert_string_equal(drained(cw), "2 3");
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_FULL], 1);
}

static void thinning_out_keeps_every_nth_again_and_again(void **state)
{
    struct classes_world *cw = *state;

    cw->world.options.limit_messages = 8;
    rules_of(cw, "event")->when_full = OUTBOX_THIN_OUT;
    rules_of(cw, "event")->keep_every = 3;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 8);
    put_numbers(cw, "event", 9, 12);
    /* 1 kept, 2 3 dropped, 4 kept, 5 6 dropped. */
    assert_string_equal(drained(cw), "1 4 7 8 9 10 11 12");
    outbox_rewind(cw->world.ob);
    put_numbers(cw, "event", 13, 18);
    /* 7 kept, 8 9; 10, 11 12; 13, 14 15: a pass ends. */
    assert_string_equal(drained(cw), "1 4 7 10 13 16 17 18");
    outbox_rewind(cw->world.ob);
    open_again(&cw->world); /* the place is kept */
    put_numbers(cw, "event", 19, 20);
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_THINNED], 12);
    assert_int_equal(figures_of(cw, "event").queued, 8);
    put_numbers(cw, "event", 21, 60);
    assert_int_equal(figures_of(cw, "event").queued, 8);
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_THINNED], 52);
    assert_memory_equal(drained(cw), "1 ", 2);
}

static void thinning_out_a_single_message_drops_it(void **state)
{
    struct classes_world *cw = *state;

    cw->world.options.limit_messages = 1;
    rules_of(cw, "event")->when_full = OUTBOX_THIN_OUT;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 3);
    assert_string_equal(drained(cw), "3");
}

static void what_is_over_is_not_sent_but_counted(void **state)
{
    struct classes_world *cw = *state;

    rules_of(cw, "event")->ttl_s = 60;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 2);
    pass_ms(cw, 30000);
    put_numbers(cw, "event", 3, 3);
    put_numbers(cw, "critical", 9, 9);
    pass_ms(cw, 30000);
    assert_string_equal(drained(cw), "9 3");
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_EXPIRED], 2);
    assert_true(outbox_needs_commit(cw->world.ob));
    open_again(&cw->world);
    assert_string_equal(drained(cw), "9 3");
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_EXPIRED], 2);
}

static void a_sweep_drops_what_is_over_and_tells_when_to_come_again(
    void **state)
{
    struct classes_world *cw = *state;

    assert_true(outbox_sweep(cw->world.ob) == INT64_MAX);
    rules_of(cw, "event")->ttl_s = 60;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 1);
    pass_ms(cw, 20000);
    put_numbers(cw, "event", 2, 2);
    assert_int_equal(outbox_sweep(cw->world.ob), 40000);
    pass_ms(cw, 40000);
    assert_int_equal(outbox_sweep(cw->world.ob), 20000);
    assert_int_equal(figures_of(cw, "event").queued, 1);
    pass_ms(cw, 20000);
    assert_true(outbox_sweep(cw->world.ob) == INT64_MAX);
    commit(&cw->world);
    assert_int_equal(figures_of(cw, "event").queued, 0);
    assert_int_equal(figures_of(cw, "event").queued_bytes, 0);
}

static void a_sweep_of_many_comes_back_for_more(void **state)
{
    struct classes_world *cw = *state;

    rules_of(cw, "event")->ttl_s = 1;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 1200);
    pass_ms(cw, 1000);
    assert_int_equal(outbox_sweep(cw->world.ob), 1);
    assert_int_equal(figures_of(cw, "event").queued, 700);
    while (outbox_sweep(cw->world.ob) != INT64_MAX)
        ;
    commit(&cw->world);
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_EXPIRED], 1200);
}

static void what_is_in_flight_is_not_over(void **state)
{
    struct classes_world *cw = *state;

    rules_of(cw, "event")->ttl_s = 60;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 1);
    assert_string_equal(drained(cw), "1");
    pass_ms(cw, 61000);
    (void)outbox_sweep(cw->world.ob);
    assert_int_equal(figures_of(cw, "event").queued, 1);
    outbox_rewind(cw->world.ob);
    (void)outbox_sweep(cw->world.ob);
    assert_int_equal(figures_of(cw, "event").queued, 0);
}

static void the_broker_is_told_what_is_left_of_a_life(void **state)
{
    struct classes_world *cw = *state;
    struct outbox_message m;

    rules_of(cw, "event")->ttl_s = 60;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 1);
    put_numbers(cw, "telemetry", 2, 2);
    pass_ms(cw, 59500);
    assert_true(outbox_take(cw->world.ob, &m));
    assert_int_equal(m.expiry_s, 1);
    assert_string_equal(m.class, "event");
    assert_true(outbox_take(cw->world.ob, &m));
    assert_int_equal(m.expiry_s, 0);
}

static void a_clock_that_is_set_forward_drops_nothing(void **state)
{
    struct classes_world *cw = *state;

    cw->now.wall_ms = 3000; /* 1970 */
    rules_of(cw, "event")->ttl_s = 60;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 1);
    pass_ms(cw, 1000);
    cw->now.wall_ms = 1790000000000;
    assert_string_equal(drained(cw), "1");
}

static void newest_first_sends_the_new_then_the_backlog_backwards(void **state)
{
    struct classes_world *cw = *state;

    rules_of(cw, "event")->newest_first = true;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 3);
    assert_string_equal(drained(cw), "3 2 1");
    outbox_rewind(cw->world.ob);
    outbox_begin_drain(cw->world.ob);
    put_numbers(cw, "event", 4, 5);
    assert_string_equal(taken(cw), "4 5 3 2 1");
    put_numbers(cw, "event", 6, 6);
    assert_string_equal(taken(cw), "6");
}

static void newest_first_lends_nothing_before_its_commit(void **state)
{
    struct classes_world *cw = *state;

    rules_of(cw, "event")->newest_first = true;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 1);
    put_in(cw, "event", "2");
    assert_string_equal(drained(cw), "1");
    commit(&cw->world);
    assert_string_equal(taken(cw), "2");
}

static void a_long_backlog_leaves_backwards_from_memory_and_disk(void **state)
{
    struct classes_world *cw = *state;
    const char *text;

    rules_of(cw, "bulk")->newest_first = true;
    open_again(&cw->world);
    put_numbers(cw, "bulk", 1, 1000);
    text = drained(cw);
    assert_memory_equal(text, "1000 999 998 ", 13);
    assert_string_equal(text + strlen(text) - 6, " 3 2 1");
}

static void a_backlog_keeps_its_rate_and_fresh_critical_messages_overtake(
    void **state)
{
    struct classes_world *cw = *state;

    rules_of(cw, "telemetry")->drain_per_s = 10;
    open_again(&cw->world);
    put_numbers(cw, "telemetry", 1, 4);
    assert_string_equal(drained(cw), "1");
    assert_int_equal(outbox_take_wait_ms(cw->world.ob), 100);
    put_numbers(cw, "critical", 9, 9);
    assert_string_equal(taken(cw), "9");
    pass_ms(cw, 99);
    assert_string_equal(taken(cw), "");
    assert_int_equal(outbox_take_wait_ms(cw->world.ob), 1);
    pass_ms(cw, 1);
    assert_string_equal(taken(cw), "2");
    pass_ms(cw, 100);
    put_numbers(cw, "telemetry", 5, 6); /* behind the backlog: in order */
    assert_string_equal(taken(cw), "3");
    pass_ms(cw, 100);
    assert_string_equal(taken(cw), "4 5 6");
    assert_int_equal(outbox_take_wait_ms(cw->world.ob), 0);
}

static void fresh_messages_of_newest_first_do_not_wait_for_the_rate(
    void **state)
{
    struct classes_world *cw = *state;

    rules_of(cw, "telemetry")->drain_per_s = 10;
    rules_of(cw, "telemetry")->newest_first = true;
    open_again(&cw->world);
    put_numbers(cw, "telemetry", 1, 3);
    assert_string_equal(drained(cw), "3");
    put_numbers(cw, "telemetry", 4, 5);
    assert_string_equal(taken(cw), "4 5");
    pass_ms(cw, 100);
    assert_string_equal(taken(cw), "2");
}

static void what_could_not_be_sent_is_the_next_to_go(void **state)
{
    struct classes_world *cw = *state;
    struct outbox_message m;

    rules_of(cw, "bulk")->newest_first = true;
    open_again(&cw->world);
    put_numbers(cw, "event", 1, 2);
    put_numbers(cw, "bulk", 11, 12);
    outbox_begin_drain(cw->world.ob);
    for (int i = 0; i < 2; i++) {
        assert_true(outbox_take(cw->world.ob, &m));
        outbox_put_back(cw->world.ob, m.id);
    }
    outbox_put_back(cw->world.ob, 12345);
    assert_string_equal(taken(cw), "1 12 2 11");
}

static void a_message_the_broker_refuses_is_dropped_and_counted(void **state)
{
    struct classes_world *cw = *state;
    struct outbox_message m;

    put_numbers(cw, "event", 1, 1);
    assert_true(outbox_take(cw->world.ob, &m));
    outbox_reject(cw->world.ob, m.id);
    outbox_reject(cw->world.ob, m.id);
    open_again(&cw->world);
    assert_string_equal(drained(cw), "");
    assert_int_equal(figures_of(cw, "event").dropped[OUTBOX_REFUSED], 1);
}

static void a_class_that_is_no_longer_configured_still_sends_what_it_has(
    void **state)
{
    struct classes_world *cw = *state;

    put_numbers(cw, "bulk", 1, 3);
    cw->world.options.class_count = 3;
    open_again(&cw->world);
    assert_string_equal(drained(cw), "1 2 3");
    assert_int_equal(figures_of(cw, "bulk").queued, 3);
    cw->world.options.class_count = 4;
    open_again(&cw->world);
    put_numbers(cw, "bulk", 4, 4);
    assert_string_equal(drained(cw), "1 2 3 4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_CLASSES(the_higher_class_goes_first_and_each_keeps_its_order),
        TEST_CLASSES(among_equals_they_take_turns),
        TEST_CLASSES(an_unknown_class_is_refused),
        TEST_CLASSES(when_its_share_is_full_a_class_drops_its_own_oldest),
        TEST_CLASSES(when_all_is_full_the_lowest_class_makes_room),
        TEST_CLASSES(a_lower_class_never_pushes_out_a_higher_one),
        TEST_CLASSES(drop_newest_refuses_and_counts_a_drop),
        TEST_CLASSES(who_asks_to_be_told_hears_busy_and_nothing_is_dropped),
        TEST_CLASSES(who_does_not_ask_to_be_told_makes_it_drop),
        TEST_CLASSES(thinning_out_keeps_every_nth_again_and_again),
        TEST_CLASSES(thinning_out_a_single_message_drops_it),
        TEST_CLASSES(what_is_over_is_not_sent_but_counted),
        TEST_CLASSES(a_sweep_drops_what_is_over_and_tells_when_to_come_again),
        TEST_CLASSES(a_sweep_of_many_comes_back_for_more),
        TEST_CLASSES(what_is_in_flight_is_not_over),
        TEST_CLASSES(the_broker_is_told_what_is_left_of_a_life),
        TEST_CLASSES(a_clock_that_is_set_forward_drops_nothing),
        TEST_CLASSES(newest_first_sends_the_new_then_the_backlog_backwards),
        TEST_CLASSES(newest_first_lends_nothing_before_its_commit),
        TEST_CLASSES(a_long_backlog_leaves_backwards_from_memory_and_disk),
        TEST_CLASSES(
            a_backlog_keeps_its_rate_and_fresh_critical_messages_overtake),
        TEST_CLASSES(fresh_messages_of_newest_first_do_not_wait_for_the_rate),
        TEST_CLASSES(what_could_not_be_sent_is_the_next_to_go),
        TEST_CLASSES(a_message_the_broker_refuses_is_dropped_and_counted),
        TEST_CLASSES(
            a_class_that_is_no_longer_configured_still_sends_what_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
