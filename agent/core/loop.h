/* loop.h - the one event loop: timers, descriptors, signals, wake-ups.
 *
 * The contract everywhere: starting returns a handle, or NULL and nothing
 * happened; the callback never comes from inside the call that started it;
 * after stop or cancel it never comes.  Only loop_post may be called from
 * another thread. */

#ifndef CORE_LOOP_H
#define CORE_LOOP_H

#include <stdint.h>

#include "core/err.h"

struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;
struct loop_turn;

typedef void loop_callback(void *context);

/* NULL when the system gives no descriptors or memory.  Free after every
 * handle was stopped; what is still posted then runs never. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Run until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* When it runs no more: run what is posted, so that it can be freed. */
void loop_flush(struct loop *loop);

/* Monotonic milliseconds, the loop's own cached time. */
uint64_t loop_now_ms(const struct loop *loop);

/* Call back once after `delay_ms`.  The handle is dead once the callback
 * starts: clear it in the callback's first line.  Cancelling NULL is fine. */
struct loop_timer *loop_timer_start(struct loop *loop, uint64_t delay_ms,
    loop_callback *callback, void *context) MUST_CHECK;
void loop_timer_cancel(struct loop_timer *timer);

enum loop_events {
    LOOP_READABLE = 1,
    LOOP_WRITABLE = 2,
};

/* Call back whenever `fd` (borrowed, non-blocking) is ready; `events` says for
 * what.  An error or hang-up shows as both.  Stop before closing the fd. */
typedef void loop_watch_callback(void *context, unsigned events);
struct loop_watch *loop_watch_start(struct loop *loop, int fd, unsigned events,
    loop_watch_callback *callback, void *context) MUST_CHECK;
void loop_watch_change(struct loop_watch *watch, unsigned events);
void loop_watch_stop(struct loop_watch *watch); /* NULL is fine */

/* Call back on each arrival of `signum`, from the loop, not from the signal. */
struct loop_signal *loop_signal_start(struct loop *loop, int signum,
    loop_callback *callback, void *context) MUST_CHECK;
void loop_signal_stop(struct loop_signal *signal); /* NULL is fine */

/* Call back at the end of each of the loop's turns, before it waits. */
struct loop_turn *loop_turn_start(
    struct loop *loop, loop_callback *callback, void *context) MUST_CHECK;
void loop_turn_stop(struct loop_turn *turn); /* NULL is fine */

/* From any thread: run `callback` soon on the loop, in order of posting.
 * ERR_NO_MEMORY: it will not run. */
enum err loop_post(
    struct loop *loop, loop_callback *callback, void *context) MUST_CHECK;

#endif
