/* owner_work.c - a job belongs to its thread until it is posted to the loop,
 * where it finds its owner, or that there is none any more. */

#include "device/owner_work.h"

#include <stdlib.h>

#include "identity/worker.h"

struct task {
    struct owner_work *work; /* NULL: it was freed; the loop's alone */
    struct owner_work_job job;
};

struct owner_work {
    struct loop *loop;
    struct task *tasks[OWNER_WORK_MOST];
};

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

static void run(void *context)
{
    struct task *t = context;

    t->job.run(t->job.context);
}

enum err owner_work_start(
    struct owner_work *w, const struct owner_work_job *job)
{
    struct task **place = NULL, *t;
    struct worker_task task = {.thread = "owner", .work = run, .done = on_done};

    for (size_t i = 0; i < OWNER_WORK_MOST; i++)
        if (w->tasks[i] == NULL)
            place = &w->tasks[i];
    if (place == NULL)
        return ERR_AGAIN;
    t = calloc(1, sizeof(*t));
    if (t == NULL)
        return ERR_NO_MEMORY;
    *t = (struct task){w, *job};
    *place = t;
    task.context = t;
    if (worker_start(w->loop, &task) == ERR_OK)
        return ERR_OK;
    *place = NULL;
    free(t);
    return ERR_NO_MEMORY;
}
