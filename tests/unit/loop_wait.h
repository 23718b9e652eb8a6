/* loop_wait.h - let a loop run for a while in a test. */

#ifndef TESTS_LOOP_WAIT_H
#define TESTS_LOOP_WAIT_H

#include "cmocka_all.h"
#include "core/loop.h"

static inline void loop_wait_stop(void *context)
{
    loop_stop(context);
}

static inline void loop_wait(struct loop *loop, uint64_t ms)
{
    assert_non_null(loop_timer_start(loop, ms, loop_wait_stop, loop));
    loop_run(loop);
}

#endif
