/* loop.c - the one file that knows libuv.  A handle's memory lives until libuv
 * has closed it; `callback == NULL` marks a handle that was stopped. */

#include "core/loop.h"

#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

#include "core/log.h"
#include "core/loop_inside.h"

struct posted {
    struct posted *next;
    loop_callback *callback;
    void *context;
};

struct loop {
    uv_loop_t uv;
    uv_async_t wake;
    uv_mutex_t lock; /* guards the posted list, the one lock of the agent */
    struct posted *first;
    struct posted **last;
};

struct loop_timer {
    uv_timer_t uv;
    loop_callback *callback;
    void *context;
};

struct loop_watch {
    uv_poll_t uv;
    unsigned events; /* waited for */
    loop_watch_callback *callback;
    void *context;
};

struct loop_signal {
    uv_signal_t uv;
    loop_callback *callback;
    void *context;
};

struct loop_turn {
    uv_prepare_t uv;
    loop_callback *callback;
    void *context;
};

static void free_handle(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_handle(uv_handle_t *handle)
{
    uv_close(handle, free_handle);
}

static void take_posted(uv_async_t *wake)
{
    struct loop *loop = wake->data;
    struct posted *p, *next;

    uv_mutex_lock(&loop->lock);
    p = loop->first;
    loop->first = NULL;
    loop->last = &loop->first;
    uv_mutex_unlock(&loop->lock);
    for (; p != NULL; p = next) {
        next = p->next;
        p->callback(p->context);
        free(p);
    }
}

struct loop *loop_new(void)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (loop == NULL)
        return NULL;
    loop->last = &loop->first;
    if (uv_loop_init(&loop->uv) != 0)
        goto free_loop;
    if (uv_mutex_init(&loop->lock) != 0)
        goto close_loop;
    if (uv_async_init(&loop->uv, &loop->wake, take_posted) != 0)
        goto destroy_lock;
    loop->wake.data = loop;
    return loop;

destroy_lock:
    uv_mutex_destroy(&loop->lock);
close_loop:
    (void)uv_loop_close(&loop->uv);
free_loop:
    free(loop);
    return NULL;
}

void loop_free(struct loop *loop)
{
    struct posted *next;
    int failed;

    if (loop == NULL)
        return;
    uv_close((uv_handle_t *)&loop->wake, NULL);
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
    for (struct posted *p = loop->first; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    uv_mutex_destroy(&loop->lock);
    failed = uv_loop_close(&loop->uv);
    if (failed != 0)
        log_error("loop", "handles left open at the end");
    else
        free(loop);
}

uv_loop_t *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

void loop_run(struct loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_flush(struct loop *loop)
{
    take_posted(&loop->wake);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

uint64_t loop_now_ms(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

static void on_timer(uv_timer_t *uv)
{
    struct loop_timer *timer = uv->data;
    loop_callback *callback = timer->callback;
    void *context = timer->context;

    close_handle((uv_handle_t *)uv);
    callback(context);
}

struct loop_timer *loop_timer_start(struct loop *loop, uint64_t delay_ms,
    loop_callback *callback, void *context)
{
    struct loop_timer *timer = calloc(1, sizeof(*timer));

    if (timer == NULL)
        return NULL;
    timer->callback = callback;
    timer->context = context;
    (void)uv_timer_init(&loop->uv, &timer->uv); /* cannot fail */
    timer->uv.data = timer;
    /* uv_now is as old as this turn of the loop; a delay counts from now. */
    uv_update_time(&loop->uv);
    (void)uv_timer_start(&timer->uv, on_timer, delay_ms, 0);
    return timer;
}

void loop_timer_cancel(struct loop_timer *timer)
{
    if (timer != NULL)
        close_handle((uv_handle_t *)&timer->uv);
}

static int poll_mask(unsigned events)
{
    return ((events & LOOP_READABLE) ? UV_READABLE : 0) |
        ((events & LOOP_WRITABLE) ? UV_WRITABLE : 0);
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
    struct loop_watch *watch = uv->data;
    unsigned ready = 0;

    if (status != 0 || (events & UV_READABLE) != 0)
        ready |= LOOP_READABLE;
    if (status != 0 || (events & UV_WRITABLE) != 0)
        ready |= LOOP_WRITABLE;
    if (status != 0)
        watch->events = 0; /* libuv has stopped it */
    watch->callback(watch->context, ready);
}

struct loop_watch *loop_watch_start(struct loop *loop, int fd, unsigned events,
    loop_watch_callback *callback, void *context)
{
    struct loop_watch *watch = calloc(1, sizeof(*watch));

    if (watch == NULL)
        return NULL;
    watch->callback = callback;
    watch->context = context;
    if (uv_poll_init(&loop->uv, &watch->uv, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->uv.data = watch;
    loop_watch_change(watch, events);
    return watch;
}

void loop_watch_change(struct loop_watch *watch, unsigned events)
{
    int failed;

    /* libuv would ask the kernel to forget the descriptor, each time. */
    if (events == watch->events)
        return;
    watch->events = events;
    failed = events == 0
        ? uv_poll_stop(&watch->uv)
        : uv_poll_start(&watch->uv, poll_mask(events), on_poll);
    if (failed != 0)
        log_error("loop", "poll failed reason=%s", uv_strerror(failed));
}

void loop_watch_stop(struct loop_watch *watch)
{
    if (watch != NULL)
        close_handle((uv_handle_t *)&watch->uv);
}

static void on_signal(uv_signal_t *uv, int signum)
{
    struct loop_signal *signal = uv->data;

    (void)signum;
    signal->callback(signal->context);
}

struct loop_signal *loop_signal_start(
    struct loop *loop, int signum, loop_callback *callback, void *context)
{
    struct loop_signal *signal = calloc(1, sizeof(*signal));

    if (signal == NULL)
        return NULL;
    signal->callback = callback;
    signal->context = context;
    if (uv_signal_init(&loop->uv, &signal->uv) != 0) {
        free(signal);
        return NULL;
    }
    signal->uv.data = signal;
    if (uv_signal_start(&signal->uv, on_signal, signum) != 0) {
        close_handle((uv_handle_t *)&signal->uv);
        return NULL;
    }
    return signal;
}

void loop_signal_stop(struct loop_signal *signal)
{
    if (signal != NULL)
        close_handle((uv_handle_t *)&signal->uv);
}

static void on_turn(uv_prepare_t *uv)
{
    struct loop_turn *turn = uv->data;

    turn->callback(turn->context);
}

struct loop_turn *loop_turn_start(
    struct loop *loop, loop_callback *callback, void *context)
{
    struct loop_turn *turn = calloc(1, sizeof(*turn));

    if (turn == NULL)
        return NULL;
    turn->callback = callback;
    turn->context = context;
    (void)uv_prepare_init(&loop->uv, &turn->uv); /* cannot fail, as the next */
    turn->uv.data = turn;
    (void)uv_prepare_start(&turn->uv, on_turn);
    return turn;
}

void loop_turn_stop(struct loop_turn *turn)
{
    if (turn != NULL)
        close_handle((uv_handle_t *)&turn->uv);
}

enum err loop_post(struct loop *loop, loop_callback *callback, void *context)
{
    struct posted *p = malloc(sizeof(*p));

    if (p == NULL)
        return ERR_NO_MEMORY;
    *p = (struct posted){NULL, callback, context};
    uv_mutex_lock(&loop->lock);
    *loop->last = p;
    loop->last = &p->next;
    uv_mutex_unlock(&loop->lock);
    (void)uv_async_send(&loop->wake);
    return ERR_OK;
}
