/* What an outbox promises of a message's number in its stream, of the file of
 * version 0.1, and of what it writes. */

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "outbox_classes_world.h"

static enum err try_put_to(struct world *w, const char *stream)
{
    const struct outbox_message m = {
        .topic = "t", .payload = "x", .len = 1, .stream = stream};
    uint64_t id;

    return outbox_put(w->ob, &m, &id);
}

static void put_to(struct world *w, const char *stream)
{
    assert_int_equal(try_put_to(w, stream), ERR_OK);
}

/* The `seq` of all that is queued: "1 2 1". */
static const char *numbers(struct world *w)
{
    static char text[4000];
    struct outbox_message m;
    size_t len = 0;

    text[0] = '\0';
    outbox_rewind(w->ob);
    while (outbox_take(w->ob, &m))
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%" PRIu64,
            len == 0 ? "" : " ", m.seq);
    outbox_rewind(w->ob);
    return text;
}

static void each_stream_counts_from_one(void **state)
{
    struct world *w = *state;

    put_to(w, "a");
    put_to(w, "b");
    put_to(w, "a");
    put_to(w, NULL);
    put_to(w, "a");
    commit(w);
    assert_string_equal(numbers(w), "1 1 2 0 3");
}

static void numbers_go_on_after_a_restart_and_an_empty_queue(void **state)
{
    struct world *w = *state;

    put_to(w, "a");
    commit(w);
    outbox_forget(w->ob, take(w, 0, "x"));
    open_again(w);
    put_to(w, "a");
    open_again(w);
    put_to(w, "a");
    commit(w);
    assert_string_equal(numbers(w), "2 3");
}

static void more_streams_than_are_remembered_lose_no_count(void **state)
{
    struct world *w = *state;
    char wanted[4000] = "", name[16];

    for (int round = 1; round <= 3; round++)
        for (int i = 0; i < 50; i++) {
            (void)snprintf(name, sizeof(name), "s%d", i);
            put_to(w, name);
            (void)snprintf(wanted + strlen(wanted),
                sizeof(wanted) - strlen(wanted), "%s%d",
                *wanted == '\0' ? "" : " ", round);
        }
    commit(w);
    open_again(w);
    assert_string_equal(numbers(w), wanted);
}

static void a_group_that_failed_leaves_no_gap(void **state)
{
    struct world *w = *state;
    struct rlimit limit, small;

    put_to(w, "a");
    commit(w);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 40;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    put_to(w, "a");
    put_to(w, "new");
    assert_int_equal(outbox_commit(w->ob), ERR_IO);
    assert_true(outbox_figures(w->ob).failing);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    put_to(w, "a");
    put_to(w, "new");
    commit(w);
    assert_false(outbox_figures(w->ob).failing);
    assert_string_equal(numbers(w), "1 2 1");
    open_again(w);
    assert_string_equal(numbers(w), "1 2 1");
}

static void what_is_refused_or_dropped_is_told_by_the_numbers(void **state)
{
    struct world *w = *state;

    w->options.limit_messages = 3;
    open_again(w);
    for (int i = 0; i < 5; i++)
        put_to(w, "a");
    commit(w);
    assert_string_equal(numbers(w), "3 4 5"); /* dropped: a gap */
    assert_true(outbox_figures(w->ob).dropped == 2);
}

static void another_file_has_another_name_and_counts_anew(void **state)
{
    struct world *w = *state;
    char name[OUTBOX_STORE_NAME];

    put_to(w, "a");
    commit(w);
    (void)snprintf(name, sizeof(name), "%s", outbox_store_name(w->ob));
    assert_int_equal(strlen(name), OUTBOX_STORE_NAME - 1);
    open_again(w);
    assert_string_equal(outbox_store_name(w->ob), name);
    close_outbox(w);
    assert_int_equal(unlink(w->path), 0);
    assert_int_equal(try_open(w), ERR_OK);
    assert_string_not_equal(outbox_store_name(w->ob), name);
    put_to(w, "a");
    commit(w);
    assert_string_equal(numbers(w), "1");
}

static enum err put_in_stream(struct world *w, const char *name, int number)
{
    char whole[OUTBOX_STREAM_NAME];
    const struct outbox_message m = {
        .topic = "t", .payload = "x", .len = 1, .stream = whole};
    uint64_t id;

    (void)snprintf(whole, sizeof(whole), "%s%d", name, number);
    return outbox_put(w->ob, &m, &id);
}

static void one_stream_too_many_is_refused_and_the_others_go_on(void **state)
{
    struct world *w = *state;

    for (int i = 0; i < OUTBOX_STREAMS_MOST; i++)
        assert_int_equal(put_in_stream(w, "s", i), ERR_OK);
    assert_int_equal(put_in_stream(w, "more", 0), ERR_EXISTS);
    assert_int_equal(put_in_stream(w, "$own", 0), ERR_OK);
    commit(w);
    open_again(w);
    assert_int_equal(put_in_stream(w, "more", 0), ERR_EXISTS);
    assert_int_equal(put_in_stream(w, "s", 999), ERR_OK);
    assert_int_equal(put_in_stream(w, "$own", 1), ERR_OK);
    commit(w);
    assert_int_equal(outbox_figures(w->ob).queued, OUTBOX_STREAMS_MOST + 3);
}

static void a_streams_name_has_a_length(void **state)
{
    struct world *w = *state;
    char name[OUTBOX_STREAM_NAME + 1];

    memset(name, 'x', sizeof(name));
    name[OUTBOX_STREAM_NAME] = '\0';
    assert_int_equal(try_put_to(w, name), ERR_INVALID);
    assert_int_equal(try_put_to(w, ""), ERR_INVALID);
    assert_int_equal(try_put_to(w, name + 1), ERR_OK);
}

/* --- version 0.1 ----------------------------------------------------------
 */

/* As the agent of version 0.1 made it, after a sudden end that left its
 * counters behind: three messages where the file says five. */
#define VERSION_0_1                                                            \
    "PRAGMA journal_mode = WAL;"                                               \
    "CREATE TABLE message (id INTEGER PRIMARY KEY, retain INTEGER NOT NULL,"   \
    " topic TEXT NOT NULL, payload BLOB NOT NULL);"                            \
    "CREATE TABLE state (next_id INTEGER, queued INTEGER,"                     \
    " queued_bytes INTEGER, dropped INTEGER);"                                 \
    "INSERT INTO state VALUES (1790000000010, 5, 99, 7);"                      \
    "INSERT INTO message VALUES (1790000000001, 0, 'a/b', 'one');"             \
    "INSERT INTO message VALUES (1790000000005, 1, 'caf' || char(233),"        \
    " x'00ff');"                                                               \
    "INSERT INTO message VALUES (1790000000009, 0, 'c', '');"                  \
    "PRAGMA user_version = 1;"

static void make_old_file(struct world *w, const char *more)
{
    char command[3000];

    close_outbox(w);
    (void)snprintf(command, sizeof(command),
        "rm -f '%s' && sqlite3 '%s' \"" VERSION_0_1 "%s\" >/dev/null", w->path,
        w->path, more);
    assert_int_equal(system(command), 0);
}

static void a_file_of_version_0_1_is_converted_and_loses_nothing(void **state)
{
    struct world *w = *state;
    struct outbox_message m;
    struct outbox_figures f;

    make_old_file(w, "");
    assert_int_equal(try_open(w), ERR_OK);
    for (int round = 0; round < 2; round++) {
        f = outbox_figures(w->ob);
        assert_int_equal(f.queued, 3);
        assert_int_equal(f.queued_bytes, 3 + 3 + 5 + 2 + 1);
        assert_int_equal(f.dropped, 7);
        assert_int_equal(outbox_next_id(w->ob), 1790000000010);
        assert_true(outbox_take(w->ob, &m));
        assert_int_equal(m.id, 1790000000001);
        assert_string_equal(m.topic, "a/b");
        assert_memory_equal(m.payload, "one", 3);
        assert_string_equal(m.class, "event");
        assert_int_equal(m.seq, 0);
        assert_true(outbox_take(w->ob, &m));
        assert_true(m.retain);
        assert_string_equal(m.topic, "caf\xc3\xa9");
        assert_memory_equal(m.payload, "\0\xff", 2);
        assert_true(outbox_take(w->ob, &m));
        assert_int_equal(m.len, 0);
        assert_false(outbox_take(w->ob, &m));
        open_again(w);
    }
    put_to(w, "a");
    commit(w);
    assert_string_equal(numbers(w), "0 0 0 1");
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", NULL), 0);
}

/* The twin: what only looks like one is not believed. */
static void a_file_that_only_says_0_1_is_set_aside(void **state)
{
    struct world *w = *state;

    make_old_file(w, "DROP TABLE state;");
    assert_int_equal(try_open(w), ERR_OK);
    assert_int_equal(outbox_figures(w->ob).queued, 0);
    assert_int_equal(outbox_figures(w->ob).set_aside, 1);
    assert_int_equal(folder_count(&w->folder, "outbox.db.corrupt-", NULL), 1);
}

static void converted_messages_live_from_then_on(void **state)
{
    struct classes_world *cw = *state;

    make_old_file(&cw->world, "");
    rules_of(cw, "event")->ttl_s = 60;
    assert_int_equal(try_open(&cw->world), ERR_OK);
    pass_ms(cw, 59999);
    assert_int_equal(outbox_sweep(cw->world.ob), 1);
    assert_int_equal(outbox_figures(cw->world.ob).queued, 3);
    pass_ms(cw, 1);
    (void)outbox_sweep(cw->world.ob);
    assert_int_equal(outbox_figures(cw->world.ob).queued, 0);
}

/* --- what it writes -------------------------------------------------------
 */

/* Puts `count` messages of 256 bytes in groups, sends and forgets them. */
static void live(struct world *w, int count, int group)
{
    static char payload[256];
    struct outbox_message m;
    uint64_t id;

    memset(payload, 'x', sizeof(payload));
    for (int i = 0; i < count; i++) {
        assert_int_equal(try_put(w, payload, sizeof(payload), &id), ERR_OK);
        if (i % group != group - 1)
            continue;
        commit(w);
        while (outbox_take(w->ob, &m))
            outbox_forget(w->ob, m.id);
    }
    commit(w);
}

static uint64_t written_for(struct world *w, int count, int group)
{
    uint64_t before = outbox_figures(w->ob).written;

    live(w, count, group);
    open_again(w); /* the last checkpoint */
    return (outbox_figures(w->ob).written - before) / (uint64_t)count;
}

static void what_a_message_costs_is_bounded_and_groups_are_cheap(void **state)
{
    struct world *w = *state;
    uint64_t alone = written_for(w, 1000, 1);
    uint64_t in_groups = written_for(w, 10000, 100);

    print_message("# bytes written for 256: alone %" PRIu64
                  ", of a hundred %" PRIu64 "\n",
        alone, in_groups);
    assert_in_range(alone, 4096, 20000);
    assert_in_range(in_groups, 256, 1500);
}

static void the_days_bytes_begin_again_with_the_day(void **state)
{
    struct classes_world *cw = *state;
    struct world *w = &cw->world;

    live(w, 100, 10);
    (void)outbox_commit_wait_ms(w->ob);
    assert_true(outbox_figures(w->ob).written_today > 25600);
    assert_true(outbox_figures(w->ob).syncs >= 10);
    pass_ms(cw, 86400000);
    (void)outbox_commit_wait_ms(w->ob);
    assert_int_equal(outbox_figures(w->ob).written_today, 0);
    assert_true(outbox_figures(w->ob).written > 25600);
}

static void spent_bytes_and_many_commits_make_the_next_wait(void **state)
{
    struct classes_world *cw = *state;
    struct world *w = &cw->world;

    w->options.commits_per_s = 10;
    open_again(w);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(outbox_commit_wait_ms(w->ob), 0);
        store(w, "x");
    }
    assert_int_equal(outbox_commit_wait_ms(w->ob), 100);
    w->options.day_bytes = outbox_figures(w->ob).written_today * 3 / 2;
    open_again(w);
    store(w, "x");
    assert_int_equal(outbox_commit_wait_ms(w->ob), 5000);
    put(w, "y"); /* it costs time, and no message */
    commit(w);
    pass_ms(cw, 86400000); /* tomorrow */
    assert_int_equal(outbox_commit_wait_ms(w->ob), 0);
}

/* Put and commit until one is refused. */
static void fill_the_day(struct classes_world *cw, const char *class)
{
    enum err e;

    while ((e = try_put_in(cw, class, "0123456789", false)) == ERR_OK)
        commit(&cw->world);
    assert_int_equal(e, ERR_AGAIN);
    (void)outbox_commit_wait_ms(cw->world.ob); /* it counts */
}

static void when_the_days_bytes_are_written_nothing_more_is_put(void **state)
{
    struct classes_world *cw = *state;
    struct world *w = &cw->world;
    const uint64_t most = 300000;
    uint64_t queued;

    w->options.day_bytes = most;
    open_again(w);
    fill_the_day(cw, OUTBOX_EVENT);
    assert_in_range(outbox_figures(w->ob).written_today, most * 85 / 100, most);
    assert_int_equal(figures_of(cw, OUTBOX_EVENT).dropped[OUTBOX_FULL], 1);
    assert_int_equal(try_put_in(cw, OUTBOX_EVENT, "and told", true), ERR_AGAIN);
    assert_int_equal(figures_of(cw, OUTBOX_EVENT).refused, 1);
    fill_the_day(cw, OUTBOX_CRITICAL); /* it has the last tenth */
    assert_true(figures_of(cw, OUTBOX_CRITICAL).queued > 0);
    assert_in_range(outbox_figures(w->ob).written_today, most * 95 / 100,
        most + 30000); /* the last commit */
    assert_int_equal(outbox_commit_wait_ms(w->ob), 60000);
    queued = outbox_figures(w->ob).queued;
    open_again(w); /* it is no new day */
    assert_int_equal(try_put_in(cw, OUTBOX_CRITICAL, "x", false), ERR_AGAIN);
    assert_int_equal(outbox_figures(w->ob).queued, queued);
    pass_ms(cw, 86400000);
    put_in(cw, OUTBOX_EVENT, "tomorrow");
    commit(w);
    assert_int_equal(outbox_figures(w->ob).queued, queued + 1);
}

/* A group counts before it is written, or it could be as large as memory. */
static void one_group_alone_cannot_pass_the_days_bytes(void **state)
{
    struct classes_world *cw = *state;
    struct world *w = &cw->world;
    const uint64_t most = 1000000;
    int count = 0;

    w->options.day_bytes = most;
    open_again(w);
    while (count < 100000 &&
        try_put_in(cw, OUTBOX_EVENT, "0123456789", false) == ERR_OK)
        count++;
    assert_in_range(count, 500, 2000);
    commit(w);
    assert_true(outbox_figures(w->ob).written_today < most);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_stream_counts_from_one),
        TEST(numbers_go_on_after_a_restart_and_an_empty_queue),
        TEST(more_streams_than_are_remembered_lose_no_count),
        TEST(a_group_that_failed_leaves_no_gap),
        TEST(what_is_refused_or_dropped_is_told_by_the_numbers),
        TEST(another_file_has_another_name_and_counts_anew),
        TEST(one_stream_too_many_is_refused_and_the_others_go_on),
        TEST(a_streams_name_has_a_length),
        TEST(a_file_of_version_0_1_is_converted_and_loses_nothing),
        TEST(a_file_that_only_says_0_1_is_set_aside),
        TEST_CLASSES(converted_messages_live_from_then_on),
        TEST(what_a_message_costs_is_bounded_and_groups_are_cheap),
        TEST_CLASSES(the_days_bytes_begin_again_with_the_day),
        TEST_CLASSES(spent_bytes_and_many_commits_make_the_next_wait),
        TEST_CLASSES(when_the_days_bytes_are_written_nothing_more_is_put),
        TEST_CLASSES(one_group_alone_cannot_pass_the_days_bytes),
    };

    (void)signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
