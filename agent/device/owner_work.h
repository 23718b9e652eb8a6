/* owner_work.h - what takes too long for the loop: a token that signs, a code
 * that is stretched.  Each has a thread for as long as it takes. */

#ifndef DEVICE_OWNER_WORK_H
#define DEVICE_OWNER_WORK_H

#include "core/err.h"
#include "core/loop.h"

#define OWNER_WORK_MOST 4 /* at a time */

struct owner_work;

/* `loop` is borrowed for life, and for as long as threads are left. */
struct owner_work *owner_work_new(struct loop *loop); /* NULL: no memory */

/* No `done` comes after this; what still runs frees itself.  NULL is fine. */
void owner_work_free(struct owner_work *work);

/* `run` on a thread of its own, then `done` on the loop, both with `context`,
 * which free(3) frees in the end.  `drop` comes instead of `done` when the work
 * was freed meanwhile; NULL: nothing else is to be freed.  ERR_AGAIN: too much
 * at once; ERR_NO_MEMORY.  On failure `context` is still the caller's. */
struct owner_work_job {
    void (*run)(void *context);
    void (*done)(void *context);
    void (*drop)(void *context);
    void *context;
};
enum err owner_work_start(
    struct owner_work *work, const struct owner_work_job *job) MUST_CHECK;

#endif
