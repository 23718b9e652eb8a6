/* What cloud/outbox promises as a queue. */

#include <sys/stat.h>

#include "outbox_world.h"
#include "ports/port.h"

static void messages_leave_in_the_order_they_came(void **state)
{
    struct world *w = *state;
    uint64_t id;

    put(w, "one");
    put(w, "two");
    commit(w);
    put(w, "six");
    commit(w);
    id = take(w, 0, "one");
    id = take(w, id, "two");
    take(w, id, "six");
    assert_nothing_more(w);
}

static void a_message_is_lent_only_after_its_commit(void **state)
{
    struct world *w = *state;

    put(w, "one");
    assert_nothing_more(w);
    commit(w);
    take(w, 0, "one");
}

static void a_message_stays_until_it_is_forgotten(void **state)
{
    struct world *w = *state;
    uint64_t id = store(w, "one");

    take(w, 0, "one");
    outbox_rewind(w->ob);
    take(w, 0, "one");
    outbox_forget(w->ob, id);
    assert_nothing_more(w);
    commit(w);
    open_again(w);
    assert_nothing_more(w);
}

static void topic_bytes_and_retain_flag_survive_a_restart(void **state)
{
    struct world *w = *state;
    const struct outbox_message sent[] = {
        {.topic = "a/b", .payload = "x\0y\xff", .len = 4,      .retain = true},
        {.topic = "caf\xc3\xa9",              .payload = "",              .len = 0},
        {.topic = "c",              .payload = NULL,                        .len = 0        },
    };
    uint64_t after = 0;

    for (size_t i = 0; i < 3; i++)
        assert_int_equal(outbox_put(w->ob, &sent[i], &after), ERR_OK);
    open_again(w);
    after = 0;
    for (size_t i = 0; i < 3; i++) {
        struct outbox_message m;

        assert_true(outbox_take(w->ob, &m));
        assert_string_equal(m.topic, sent[i].topic);
        assert_int_equal(m.len, sent[i].len);
        assert_int_equal(m.retain, sent[i].retain);
        if (m.len > 0)
            assert_memory_equal(m.payload, sent[i].payload, m.len);
        after = m.id;
    }
}

static void a_clean_end_commits_what_was_put(void **state)
{
    struct world *w = *state;

    put(w, "one");
    open_again(w);
    take(w, 0, "one");
}

static void ids_grow_by_one_and_next_id_tells_them(void **state)
{
    struct world *w = *state;
    uint64_t next = outbox_next_id(w->ob);

    assert_int_equal(put(w, "one"), next);
    assert_int_equal(put(w, "two"), next + 1);
    commit(w);
    assert_int_equal(outbox_next_id(w->ob), next + 2);
}

static void ids_go_on_after_everything_was_forgotten_and_a_restart(void **state)
{
    struct world *w = *state;
    uint64_t id = store(w, "one");

    outbox_forget(w->ob, take(w, 0, "one"));
    open_again(w);
    assert_int_equal(put(w, "two"), id + 1);
}

static void ids_grow_also_when_the_file_was_lost(void **state)
{
    struct world *w = *state;
    uint64_t now = (uint64_t)port_wall_ms();

    close_outbox(w);
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(try_open(w), ERR_OK);
    assert_true(outbox_next_id(w->ob) >= now);
}

static void acknowledgements_may_come_out_of_order(void **state)
{
    struct world *w = *state;
    uint64_t ids[3];

    put(w, "one");
    put(w, "two");
    put(w, "six");
    commit(w);
    ids[0] = take(w, 0, "one");
    ids[1] = take(w, ids[0], "two");
    ids[2] = take(w, ids[1], "six");
    outbox_forget(w->ob, ids[2]);
    outbox_forget(w->ob, ids[0]);
    open_again(w);
    assert_int_equal(take(w, 0, "two"), ids[1]);
    assert_nothing_more(w);
}

static void a_late_acknowledgement_removes_nothing_else(void **state)
{
    struct world *w = *state;
    uint64_t id = store(w, "one");
    uint64_t two = store(w, "two");

    take(w, 0, "one");
    outbox_forget(w->ob, id);
    outbox_forget(w->ob, id);
    commit(w);
    outbox_forget(w->ob, id);
    outbox_forget(w->ob, 0);
    outbox_forget(w->ob, two + 1000);
    assert_int_equal(outbox_figures(w->ob).queued, 1);
    assert_int_equal(outbox_figures(w->ob).queued_bytes, 4);
    take(w, 0, "two");
}

static void an_acknowledgement_counts_also_after_a_rewind(void **state)
{
    struct world *w = *state;
    uint64_t id = store(w, "one");

    take(w, 0, "one");
    outbox_rewind(w->ob);
    outbox_forget(w->ob, id);
    assert_nothing_more(w);
    assert_int_equal(outbox_figures(w->ob).queued, 0);
}

static void nobody_can_acknowledge_what_was_not_committed(void **state)
{
    struct world *w = *state;

    outbox_forget(w->ob, put(w, "one"));
    commit(w);
    take(w, 0, "one");
}

static void when_full_the_oldest_message_is_dropped_and_counted(void **state)
{
    struct world *w = *state;

    w->options.limit_messages = 2;
    open_again(w);
    store(w, "one");
    store(w, "two");
    store(w, "six");
    take(w, 0, "two");
    open_again(w);
    assert_int_equal(outbox_figures(w->ob).queued, 2);
    assert_int_equal(outbox_figures(w->ob).queued_bytes, 8);
    assert_int_equal(outbox_figures(w->ob).dropped, 1);
}

static void bytes_are_limited_too(void **state)
{
    struct world *w = *state;

    w->options.limit_bytes = 10;
    open_again(w);
    put(w, "four");
    put(w, "five");
    assert_int_equal(outbox_figures(w->ob).dropped, 0);
    put(w, "x");
    commit(w);
    assert_int_equal(outbox_figures(w->ob).dropped, 1);
    take(w, 0, "five");
}

static void what_is_in_flight_is_not_dropped(void **state)
{
    struct world *w = *state;
    uint64_t id;

    w->options.limit_messages = 2;
    open_again(w);
    store(w, "one");
    store(w, "two");
    id = take(w, 0, "one");
    store(w, "six");
    assert_int_equal(outbox_figures(w->ob).dropped, 1);
    take(w, id, "six");
    outbox_rewind(w->ob);
    take(w, 0, "one");
}

static void when_all_is_in_flight_a_put_waits_and_drops_nothing(void **state)
{
    struct world *w = *state;
    uint64_t id, ignored;

    w->options.limit_messages = 2;
    open_again(w);
    put(w, "one");
    put(w, "two");
    commit(w);
    id = take(w, 0, "one");
    take(w, id, "two");
    assert_int_equal(try_put(w, "six", 3, &ignored), ERR_AGAIN);
    assert_int_equal(outbox_figures(w->ob).dropped, 0);
    outbox_forget(w->ob, id);
    store(w, "six");
}

static void a_message_that_can_never_fit_is_refused_and_drops_nothing(
    void **state)
{
    struct world *w = *state;
    uint64_t ignored;

    w->options.limit_bytes = 4;
    open_again(w);
    store(w, "one");
    assert_int_equal(try_put(w, "four", 4, &ignored), ERR_TOO_BIG);
    take(w, 0, "one");
}

static void limits_made_smaller_hold_from_the_next_put_on(void **state)
{
    struct world *w = *state;

    for (uint64_t i = 0; i < 10; i++)
        put_number(w, i);
    w->options.limit_messages = 3;
    open_again(w);
    put(w, "ten");
    assert_int_equal(outbox_figures(w->ob).queued, 3);
    assert_int_equal(outbox_figures(w->ob).dropped, 8);
    commit(w);
    take(w, 0, "8");
}

static void take_numbers(
    struct world *w, uint64_t after, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i <= last; i++) {
        char text[32];

        (void)snprintf(text, sizeof(text), "%" PRIu64, i);
        after = take(w, after, text);
    }
    assert_nothing_more(w);
}

/* The window holds 256 of them; the rest comes from the disk. */
static void a_backlog_leaves_in_order_from_disk_and_memory(void **state)
{
    struct world *w = *state;

    for (uint64_t i = 0; i < 1000; i++)
        put_number(w, i);
    commit(w);
    take_numbers(w, 0, 0, 999);
    outbox_rewind(w->ob);
    for (uint64_t i = 1000; i < 1100; i++)
        put_number(w, i);
    commit(w);
    take_numbers(w, 0, 0, 1099);
    open_again(w);
    take_numbers(w, 0, 0, 1099);
}

static void forgotten_messages_of_a_backlog_are_skipped_before_the_commit(
    void **state)
{
    struct world *w = *state;
    struct outbox_message m;
    uint64_t ids[1000];

    for (uint64_t i = 0; i < 1000; i++)
        ids[i] = put_number(w, i);
    commit(w);
    while (outbox_take(w->ob, &m))
        ;
    for (size_t i = 0; i < 1000; i++)
        if (i % 3 != 0 && i < 998)
            outbox_forget(w->ob, ids[i]);
    outbox_rewind(w->ob);
    take(w, 0, "0");
    assert_int_equal(take(w, ids[0], "3"), ids[3]);
    assert_int_equal(take(w, ids[3], "6"), ids[6]);
    assert_int_equal(outbox_figures(w->ob).queued, 335);
    open_again(w);
    assert_int_equal(take(w, 0, "0"), ids[0]);
    assert_int_equal(take(w, ids[0], "3"), ids[3]);
    assert_int_equal(outbox_figures(w->ob).queued, 335);
}

/* Larger than the window, and than what a loan keeps. */
static void a_large_message_keeps_its_place(void **state)
{
    static char large[300 * 1024];
    struct world *w = *state;
    struct outbox_message m;
    uint64_t id, first;

    memset(large, 'x', sizeof(large));
    first = store(w, "one");
    assert_int_equal(try_put(w, large, sizeof(large), &id), ERR_OK);
    store(w, "two");
    assert_int_equal(take(w, 0, "one"), first);
    assert_true(outbox_take(w->ob, &m));
    assert_int_equal(m.len, sizeof(large));
    assert_memory_equal(m.payload, large, m.len);
    take(w, id, "two");
    assert_int_equal(take(w, 0, "one"), first);
}

static void an_outbox_says_whether_a_commit_would_do_anything(void **state)
{
    struct world *w = *state;
    uint64_t id;

    assert_false(outbox_needs_commit(w->ob));
    id = put(w, "one");
    assert_true(outbox_needs_commit(w->ob));
    commit(w);
    assert_false(outbox_needs_commit(w->ob));
    outbox_forget(w->ob, id);
    assert_true(outbox_needs_commit(w->ob));
    commit(w);
    outbox_forget(w->ob, id);
    assert_false(outbox_needs_commit(w->ob));
}

static void the_file_is_for_its_owner_alone(void **state)
{
    struct world *w = *state;
    struct stat st;

    store(w, "one");
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(chmod(w->path, 0644), 0);
    open_again(w);
    assert_int_equal(stat(w->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(messages_leave_in_the_order_they_came),
        TEST(a_message_is_lent_only_after_its_commit),
        TEST(a_message_stays_until_it_is_forgotten),
        TEST(topic_bytes_and_retain_flag_survive_a_restart),
        TEST(a_clean_end_commits_what_was_put),
        TEST(ids_grow_by_one_and_next_id_tells_them),
        TEST(ids_go_on_after_everything_was_forgotten_and_a_restart),
        TEST(ids_grow_also_when_the_file_was_lost),
        TEST(acknowledgements_may_come_out_of_order),
        TEST(a_late_acknowledgement_removes_nothing_else),
        TEST(an_acknowledgement_counts_also_after_a_rewind),
        TEST(nobody_can_acknowledge_what_was_not_committed),
        TEST(when_full_the_oldest_message_is_dropped_and_counted),
        TEST(bytes_are_limited_too),
        TEST(what_is_in_flight_is_not_dropped),
        TEST(when_all_is_in_flight_a_put_waits_and_drops_nothing),
        TEST(a_message_that_can_never_fit_is_refused_and_drops_nothing),
        TEST(limits_made_smaller_hold_from_the_next_put_on),
        TEST(a_backlog_leaves_in_order_from_disk_and_memory),
        TEST(forgotten_messages_of_a_backlog_are_skipped_before_the_commit),
        TEST(a_large_message_keeps_its_place),
        TEST(an_outbox_says_whether_a_commit_would_do_anything),
        TEST(the_file_is_for_its_owner_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
