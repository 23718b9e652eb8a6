/* jobs_run.h - the steps of one job: a handler, its exit status, the next. */

#ifndef DEVICE_JOBS_RUN_H
#define DEVICE_JOBS_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/loop.h"
#include "device/jobs_document.h"

struct jobs_run;

struct jobs_run_options {
    struct loop *loop;
    const char *folder; /* of the handlers */
    uint64_t step_ms;   /* a step that takes longer is killed */
    /* A step is about to begin; false: it must not, and the job has failed. */
    bool (*beginning)(void *context, size_t step);
    /* `reason` is NULL when all went well; lent for the call. */
    void (*ended)(void *context, const char *reason);
    void *context;
};

/* Everything is borrowed for life. */
enum err jobs_run_new(
    const struct jobs_run_options *options, struct jobs_run **out) MUST_CHECK;
void jobs_run_free(struct jobs_run *run); /* a handler runs on; NULL is fine */

/* Begin with a step of `document`, which is borrowed until `ended`; that comes
 * exactly once, also from inside.  One job at a time. */
void jobs_run_begin(
    struct jobs_run *run, const struct jobs_document *document, size_t step);
bool jobs_run_is_busy(const struct jobs_run *run);

/* Begin no further step; the one that runs may end. */
void jobs_run_stop(struct jobs_run *run);

#endif
