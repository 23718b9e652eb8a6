/* worker.h - what may take long, on a thread of its own, and then on the loop.
 *
 * Making a key, asking a token, a hard sum: the loop goes on meanwhile. */

#ifndef IDENTITY_WORKER_H
#define IDENTITY_WORKER_H

#include "core/err.h"
#include "core/loop.h"

struct worker_task {
    const char *thread; /* its name, at most 15 bytes; lent until `done` */
    void (*work)(void *context); /* on the thread: touches `context` only */
    loop_callback *done; /* on the loop, once; the thread is gone by then */
    void *context;
};

/* ERR_NO_MEMORY: nothing happened, `context` is the caller's still. */
enum err worker_start(
    struct loop *loop, const struct worker_task *task) MUST_CHECK;

/* Those that are not done: what their tasks use must stay. */
unsigned worker_threads(void);

#endif
