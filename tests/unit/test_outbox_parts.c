/* What an outbox's window and ledger promise by themselves. */

#include <stdlib.h>

#include "cloud/outbox_ledger.h"
#include "cloud/outbox_window.h"
#include "cmocka_all.h"

static void add(struct outbox_window *w, uint64_t id, size_t len)
{
    char *payload = calloc(1, len + 1);
    const struct outbox_kept m = {
        .message = {.id = id, .topic = "", .payload = payload, .len = len}
    };

    assert_non_null(payload);
    outbox_window_add(w, &m);
    free(payload);
}

static uint64_t found(const struct outbox_window *w, uint64_t id)
{
    const struct outbox_kept *m = outbox_window_find(w, id);

    return m == NULL ? 0 : m->message.id;
}

static void a_window_finds_an_id_or_the_next_higher_one(void **state)
{
    struct outbox_window *w = outbox_window_new(10);

    (void)state;
    assert_int_equal(found(w, 10), 0);
    add(w, 10, 1);
    add(w, 20, 1);
    assert_int_equal(found(w, 1), 10);
    assert_int_equal(found(w, 10), 10);
    assert_int_equal(found(w, 11), 20);
    assert_int_equal(found(w, 21), 0);
    assert_int_equal(outbox_window_start(w), 10);
    outbox_window_free(w);
}

static void a_window_forgets_the_oldest_when_there_are_too_many(void **state)
{
    struct outbox_window *w = outbox_window_new(1);

    (void)state;
    for (uint64_t id = 1; id <= OUTBOX_WINDOW_MESSAGES + 1; id++)
        add(w, id, 1);
    assert_int_equal(outbox_window_start(w), 2);
    assert_int_equal(found(w, 1), 2);
    outbox_window_free(w);
}

static void a_windows_bytes_are_bounded(void **state)
{
    struct outbox_window *w = outbox_window_new(1);

    (void)state;
    add(w, 1, OUTBOX_WINDOW_BYTES / 2);
    add(w, 2, OUTBOX_WINDOW_BYTES / 2);
    assert_int_equal(outbox_window_start(w), 1);
    add(w, 3, 1);
    assert_int_equal(outbox_window_start(w), 2);
    add(w, 4, OUTBOX_WINDOW_BYTES + 1);
    assert_int_equal(outbox_window_start(w), 5);
    assert_int_equal(found(w, 1), 0);
    outbox_window_free(w);
}

static void a_hole_in_a_window_is_stepped_over(void **state)
{
    struct outbox_window *w = outbox_window_new(1);

    (void)state;
    for (uint64_t id = 1; id <= 4; id++)
        add(w, id, 1);
    outbox_window_remove(w, 2);
    outbox_window_remove(w, 3);
    outbox_window_remove(w, 3);
    outbox_window_remove(w, 99);
    assert_int_equal(found(w, 2), 4);
    outbox_window_remove(w, 1);
    assert_int_equal(found(w, 1), 4);
    outbox_window_remove(w, 4);
    assert_int_equal(found(w, 1), 0);
    add(w, 5, 1);
    assert_int_equal(found(w, 1), 5);
    outbox_window_free(w);
}

static void a_ledger_knows_what_is_in_flight(void **state)
{
    struct outbox_ledger *l = outbox_ledger_new();
    uint64_t size = 0;

    (void)state;
    for (uint64_t id = 1; id <= 40; id++)
        assert_int_equal(outbox_ledger_send(l, id, id), ERR_OK);
    assert_int_equal(outbox_ledger_send(l, 40, 40), ERR_OK);
    assert_int_equal(outbox_ledger_flying(l).count, 40);
    assert_int_equal(outbox_ledger_flying(l).bytes, 820);
    assert_int_equal(outbox_ledger_past_flying(l, 1), 41);
    assert_int_equal(outbox_ledger_past_flying(l, 41), 41);
    assert_int_equal(outbox_ledger_before_flying(l, 40), 0);
    assert_true(outbox_ledger_land(l, 40, &size));
    assert_int_equal(size, 40);
    assert_false(outbox_ledger_land(l, 40, &size));
    assert_int_equal(outbox_ledger_past_flying(l, 1), 40);
    assert_int_equal(outbox_ledger_before_flying(l, 40), 40);
    outbox_ledger_rewind(l);
    assert_int_equal(outbox_ledger_past_flying(l, 1), 1);
    assert_int_equal(outbox_ledger_flying(l).bytes, 0);
    assert_false(outbox_ledger_land(l, 1, &size));
    outbox_ledger_free(l);
}

/* Every order of acknowledging five messages deletes just these five. */
static void a_ledger_skips_the_forgotten_in_any_order(void **state)
{
    (void)state;
    for (int order = 0; order < 5 * 5 * 5 * 5 * 5; order++) {
        struct outbox_ledger *l = outbox_ledger_new();
        unsigned wanted = 0;

        for (int i = 0, rest = order; i < 5; i++, rest /= 5) {
            uint64_t id = 10 + (uint64_t)(rest % 5);

            wanted |= 1u << id;
            assert_int_equal(outbox_ledger_forget(l, id), ERR_OK);
        }
        for (uint64_t id = 9; id < 16; id++) {
            bool gone = outbox_ledger_skip(l, id) != id;

            assert_int_equal(gone, (wanted >> id) & 1);
            gone = outbox_ledger_skip_back(l, id) != id;
            assert_int_equal(gone, (wanted >> id) & 1);
        }
        outbox_ledger_settle(l);
        assert_int_equal(outbox_ledger_skip(l, 10), 10);
        outbox_ledger_free(l);
    }
}

static void acknowledged_in_order_a_thousand_messages_are_one_range(
    void **state)
{
    struct outbox_ledger *l = outbox_ledger_new();
    const struct outbox_range *ranges;
    size_t count;

    (void)state;
    for (uint64_t id = 1; id <= 1000; id++)
        assert_int_equal(outbox_ledger_forget(l, id), ERR_OK);
    ranges = outbox_ledger_forgotten(l, &count);
    assert_int_equal(count, 1);
    assert_int_equal(ranges[0].first, 1);
    assert_int_equal(ranges[0].last, 1000);
    outbox_ledger_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_finds_an_id_or_the_next_higher_one),
        cmocka_unit_test(a_window_forgets_the_oldest_when_there_are_too_many),
        cmocka_unit_test(a_windows_bytes_are_bounded),
        cmocka_unit_test(a_hole_in_a_window_is_stepped_over),
        cmocka_unit_test(a_ledger_knows_what_is_in_flight),
        cmocka_unit_test(a_ledger_skips_the_forgotten_in_any_order),
        cmocka_unit_test(
            acknowledged_in_order_a_thousand_messages_are_one_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
