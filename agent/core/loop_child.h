/* loop_child.h - programs that the loop starts and waits for. */

#ifndef CORE_LOOP_CHILD_H
#define CORE_LOOP_CHILD_H

#include "core/loop.h"

struct loop_child;

/* It ended: its exit status, or 128 and the signal.  The handle is dead. */
typedef void loop_child_callback(void *context, int status);

/* Run words[0], a path, with the words up to NULL; nothing to read on its
 * standard input, its output goes to our standard error.  NULL: it cannot be
 * started, which is logged. */
struct loop_child *loop_child_start(struct loop *loop, char *const words[],
    loop_child_callback *callback, void *context) MUST_CHECK;

/* Let it run, and hear no more of it.  NULL is fine. */
void loop_child_leave(struct loop_child *child);

/* SIGKILL; the callback comes soon. */
void loop_child_kill(struct loop_child *child);

#endif
