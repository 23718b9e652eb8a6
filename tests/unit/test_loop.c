/* What core/loop promises. */

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "core/loop.h"

struct world {
    struct loop *loop;
    struct loop_timer *timer;
    struct loop_watch *watch;
    struct loop_signal *signal;
    int count;
    int turns;
    bool saw_posted;
    int fd[2];
};

static int set_up(void **state)
{
    static struct world world;

    world = (struct world){.loop = loop_new()};
    *state = &world;
    return world.loop == NULL;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    loop_timer_cancel(w->timer);
    loop_watch_stop(w->watch);
    loop_signal_stop(w->signal);
    loop_free(w->loop);
    return 0;
}

static void count_and_stop(void *context)
{
    struct world *w = context;

    w->timer = NULL;
    w->count++;
    loop_stop(w->loop);
}

static void count(void *context)
{
    ((struct world *)context)->count++;
}

static void a_timer_fires_once_and_not_before_its_time(void **state)
{
    struct world *w = *state;
    uint64_t start = loop_now_ms(w->loop);

    w->timer = loop_timer_start(w->loop, 20, count_and_stop, w);
    assert_int_equal(w->count, 0);
    loop_run(w->loop);
    assert_int_equal(w->count, 1);
    assert_true(loop_now_ms(w->loop) - start >= 20);
}

static void a_cancelled_timer_never_fires(void **state)
{
    struct world *w = *state;
    struct loop_timer *cancelled = loop_timer_start(w->loop, 1, count, w);

    loop_timer_cancel(cancelled);
    w->timer = loop_timer_start(w->loop, 10, count_and_stop, w);
    loop_run(w->loop);
    assert_int_equal(w->count, 1);
}

static void read_one(void *context, unsigned events)
{
    struct world *w = context;
    char byte;

    assert_true(events & LOOP_READABLE);
    assert_int_equal(read(w->fd[0], &byte, 1), 1);
    count_and_stop(w);
}

static void a_readable_descriptor_is_told(void **state)
{
    struct world *w = *state;

    assert_int_equal(pipe(w->fd), 0);
    w->watch = loop_watch_start(w->loop, w->fd[0], LOOP_READABLE, read_one, w);
    assert_int_equal(write(w->fd[1], "x", 1), 1);
    loop_run(w->loop);
    assert_int_equal(w->count, 1);
    loop_watch_stop(w->watch);
    w->watch = NULL;
    close(w->fd[0]);
    close(w->fd[1]);
}

/* Quiet, awake, and asked again: it hears each byte, and none when quiet. */
static void a_watch_listens_as_it_was_last_told(void **state)
{
    struct world *w = *state;

    assert_int_equal(pipe(w->fd), 0);
    w->watch = loop_watch_start(w->loop, w->fd[0], LOOP_READABLE, read_one, w);
    loop_watch_change(w->watch, LOOP_READABLE);
    assert_int_equal(write(w->fd[1], "x", 1), 1);
    loop_run(w->loop);
    assert_int_equal(w->count, 1);
    loop_watch_change(w->watch, 0);
    loop_watch_change(w->watch, 0);
    assert_int_equal(write(w->fd[1], "x", 1), 1);
    w->timer = loop_timer_start(w->loop, 20, count_and_stop, w);
    loop_run(w->loop);
    assert_int_equal(w->count, 2); /* the timer's */
    loop_watch_change(w->watch, LOOP_READABLE);
    loop_run(w->loop);
    assert_int_equal(w->count, 3);
    loop_watch_stop(w->watch);
    w->watch = NULL;
    close(w->fd[0]);
    close(w->fd[1]);
}

static void ask_once_more(void *context, unsigned events)
{
    struct world *w = context;

    assert_int_equal(events, LOOP_READABLE | LOOP_WRITABLE);
    loop_watch_change(w->watch, LOOP_WRITABLE);
    if (++w->count == 2)
        loop_stop(w->loop);
}

/* A pipe without a reader is an error for ever; libuv stops after the first. */
static void a_watch_that_met_an_error_can_be_asked_again(void **state)
{
    struct world *w = *state;

    assert_int_equal(pipe(w->fd), 0);
    close(w->fd[0]);
    w->watch =
        loop_watch_start(w->loop, w->fd[1], LOOP_WRITABLE, ask_once_more, w);
    w->timer = loop_timer_start(w->loop, 2000, count_and_stop, w);
    loop_run(w->loop);
    assert_non_null(w->timer); /* else it was the timer that ended this */
    assert_int_equal(w->count, 2);
    loop_watch_stop(w->watch);
    w->watch = NULL;
    close(w->fd[1]);
}

static void note_turn(void *context)
{
    struct world *w = context;

    w->turns++;
    w->saw_posted |= w->count == 1;
}

static void a_turns_end_is_told_before_the_loop_waits(void **state)
{
    struct world *w = *state;
    struct loop_turn *turn = loop_turn_start(w->loop, note_turn, w);

    assert_non_null(turn);
    assert_int_equal(loop_post(w->loop, count, w), ERR_OK);
    w->timer = loop_timer_start(w->loop, 50, count_and_stop, w);
    loop_run(w->loop);
    loop_turn_stop(turn);
    assert_int_equal(w->count, 2);
    assert_true(w->saw_posted); /* and not the timer yet */
    w->turns = 0;
    w->timer = loop_timer_start(w->loop, 20, count_and_stop, w);
    loop_run(w->loop);
    assert_int_equal(w->turns, 0);
}

static void a_signal_arrives_on_the_loop(void **state)
{
    struct world *w = *state;

    w->signal = loop_signal_start(w->loop, SIGUSR1, count_and_stop, w);
    assert_non_null(w->signal);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    loop_run(w->loop);
    assert_int_equal(w->count, 1);
}

static void *post_many(void *context)
{
    struct world *w = context;

    for (int i = 0; i < 999; i++)
        assert_int_equal(loop_post(w->loop, count, w), ERR_OK);
    assert_int_equal(loop_post(w->loop, count_and_stop, w), ERR_OK);
    return NULL;
}

static void nothing_posted_from_another_thread_is_lost(void **state)
{
    struct world *w = *state;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, post_many, w), 0);
    loop_run(w->loop);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(w->count, 1000);
}

static void what_was_posted_and_never_run_is_freed(void **state)
{
    struct world *w = *state;

    assert_int_equal(loop_post(w->loop, count, w), ERR_OK);
}

static void what_was_posted_runs_once_when_a_loop_at_rest_is_flushed(
    void **state)
{
    struct world *w = *state;

    assert_int_equal(loop_post(w->loop, count, w), ERR_OK);
    loop_flush(w->loop);
    assert_int_equal(w->count, 1);
    loop_flush(w->loop);
    assert_int_equal(w->count, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_timer_fires_once_and_not_before_its_time),
        TEST(a_cancelled_timer_never_fires),
        TEST(a_readable_descriptor_is_told),
        TEST(a_watch_listens_as_it_was_last_told),
        TEST(a_watch_that_met_an_error_can_be_asked_again),
        TEST(a_turns_end_is_told_before_the_loop_waits),
        TEST(a_signal_arrives_on_the_loop),
        TEST(nothing_posted_from_another_thread_is_lost),
        TEST(what_was_posted_and_never_run_is_freed),
        TEST(what_was_posted_runs_once_when_a_loop_at_rest_is_flushed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
