/* worker.c */

#include "identity/worker.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "core/log.h"
#include "ports/port.h"

struct worker {
    struct loop *loop;
    struct worker_task task;
    pthread_t thread;
};

static atomic_uint threads;

/* On the loop: the thread has said its last word. */
static void finish(void *context)
{
    struct worker *w = context;
    struct worker_task task = w->task;

    (void)pthread_join(w->thread, NULL);
    (void)atomic_fetch_sub(&threads, 1);
    free(w);
    task.done(task.context);
}

static void *run(void *context)
{
    struct worker *w = context;

    port_name_thread(w->task.thread);
    w->task.work(w->task.context);
    if (loop_post(w->loop, finish, w) != ERR_OK)
        log_error("worker", "out of memory: an end is lost thread=%s",
            w->task.thread);
    return NULL;
}

enum err worker_start(struct loop *loop, const struct worker_task *task)
{
    struct worker *w = calloc(1, sizeof(*w));

    if (w == NULL)
        return ERR_NO_MEMORY;
    w->loop = loop;
    w->task = *task;
    (void)atomic_fetch_add(&threads, 1);
    if (pthread_create(&w->thread, NULL, run, w) == 0)
        return ERR_OK;
    (void)atomic_fetch_sub(&threads, 1);
    free(w);
    return ERR_NO_MEMORY;
}

unsigned worker_threads(void)
{
    return atomic_load(&threads);
}
