/* owner_work.c - a job belongs to its thread until it is posted to the loop,
 * where it finds its owner, or that there is none any more. */

#include "device/owner_work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/log.h"
#include "ports/port.h"

struct task {
    struct owner_work *work; /* NULL: it was freed; the loop's alone */
    struct loop *loop;
    struct owner_work_job job;
};

struct owner_work {
    struct loop *loop;
    struct task *tasks[OWNER_WORK_MOST];
};

static atomic_uint threads;

unsigned owner_work_threads(void)
{
    return atomic_load(&threads);
}

struct owner_work *owner_work_new(struct loop *loop)
{
    struct owner_work *w = calloc(1, sizeof(*w));

    if (w != NULL)
        w->loop = loop;
    return w;
}

void owner_work_free(struct owner_work *w)
{
    if (w == NULL)
        return;
    for (size_t i = 0; i < OWNER_WORK_MOST; i++)
        if (w->tasks[i] != NULL)
            w->tasks[i]->work = NULL;
    free(w);
}

static void on_done(void *context)
{
    struct task *t = context;
    struct owner_work *w = t->work;

    for (size_t i = 0; w != NULL && i < OWNER_WORK_MOST; i++)
        if (w->tasks[i] == t)
            w->tasks[i] = NULL;
    if (w != NULL)
        t->job.done(t->job.context);
    else if (t->job.drop != NULL)
        t->job.drop(t->job.context);
    free(t->job.context);
    free(t);
}

static void *run(void *context)
{
    struct task *t = context;

    port_name_thread("owner");
    t->job.run(t->job.context);
    if (loop_post(t->loop, on_done, t) != ERR_OK)
        log_error("owner", "out of memory: an answer is missing");
    (void)atomic_fetch_sub(&threads, 1);
    return NULL;
}

static bool start_thread(struct task *t)
{
    pthread_attr_t attributes;
    pthread_t thread;
    bool started;

    if (pthread_attr_init(&attributes) != 0)
        return false;
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    (void)atomic_fetch_add(&threads, 1);
    started = pthread_create(&thread, &attributes, run, t) == 0;
    if (!started)
        (void)atomic_fetch_sub(&threads, 1);
    (void)pthread_attr_destroy(&attributes);
    return started;
}

enum err owner_work_start(
    struct owner_work *w, const struct owner_work_job *job)
{
    struct task **place = NULL, *t;

    for (size_t i = 0; i < OWNER_WORK_MOST; i++)
        if (w->tasks[i] == NULL)
            place = &w->tasks[i];
    if (place == NULL)
        return ERR_AGAIN;
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        return ERR_NO_MEMORY;
    *t = (struct task){w, w->loop, *job};
    *place = t;
    if (start_thread(t))
        return ERR_OK;
    *place = NULL;
    free(t);
    return ERR_NO_MEMORY;
}
