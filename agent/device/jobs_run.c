/* jobs_run.c - a handler is called as the AWS IoT Device Client does: its
 * first argument is the user that the document names, or nothing. */

#include "device/jobs_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/loop_child.h"

#define MODULE     "jobs"
#define PATH_BYTES 4096
#define WORDS_MOST (JOBS_ARGS_MOST + 3) /* handler, user, ..., NULL */

struct jobs_run {
    struct jobs_run_options options;
    const struct jobs_document *document; /* NULL: none runs */
    size_t step;
    struct loop_child *child;
    struct loop_timer *limit;
    bool late; /* it was killed */
    bool stopped;
};

static void end(struct jobs_run *run, const char *reason)
{
    run->document = NULL;
    run->options.ended(run->options.context, reason);
}

static void fail(struct jobs_run *run, const char *why)
{
    const struct jobs_step *step = jobs_document_step(run->document, run->step);
    char reason[JOBS_WORDS];

    (void)snprintf(reason, sizeof(reason), "step %zu, %s: %s", run->step + 1,
        step->handler, why);
    end(run, reason);
}

static void begin(struct jobs_run *run);

static void on_ended(void *context, int status)
{
    struct jobs_run *run = context;
    const struct jobs_step *step = jobs_document_step(run->document, run->step);
    char why[60];

    run->child = NULL;
    loop_timer_cancel(run->limit);
    run->limit = NULL;
    log_info(MODULE, "a step ended step=%zu handler=%s status=%d",
        run->step + 1, step->handler, status);
    if (status != 0 && !step->may_fail) {
        (void)snprintf(why, sizeof(why),
            run->late ? "killed after %d s" : "exit status %d",
            run->late ? (int)(run->options.step_ms / 1000) : status);
        fail(run, why);
    } else if (run->stopped) {
        fail(run, "the cloud ended it");
    } else if (++run->step == jobs_document_count(run->document)) {
        end(run, NULL);
    } else {
        begin(run);
    }
}

static void on_limit(void *context)
{
    struct jobs_run *run = context;

    run->limit = NULL;
    run->late = true;
    loop_child_kill(run->child);
}

/* What others could have written is not what the maker allowed. */
static bool others_may_write(const struct stat *st)
{
    return (st->st_mode & (S_IWGRP | S_IWOTH)) != 0 ||
        (st->st_uid != 0 && st->st_uid != geteuid());
}

static const char *fault_of(const char *folder, const char *path)
{
    struct stat st;

    if (stat(folder, &st) != 0)
        return "the handlers' folder is not there";
    if (others_may_write(&st))
        return "others may write the folder; expected 0755, the agent's or "
               "root's";
    if (stat(path, &st) != 0)
        return errno == ENOENT ? "there is no such handler" : strerror(errno);
    if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        return "it is no program that the agent may run";
    return others_may_write(&st)
        ? "others may write it; expected 0755, the agent's or root's"
        : NULL;
}

static bool start(
    struct jobs_run *run, const struct jobs_step *step, char *path)
{
    char *words[WORDS_MOST] = {path, (char *)step->user};

    for (size_t i = 0; i < step->arg_count; i++)
        words[2 + i] = (char *)step->args[i];
    run->late = false;
    run->limit = loop_timer_start(
        run->options.loop, run->options.step_ms, on_limit, run);
    if (run->limit != NULL)
        run->child = loop_child_start(run->options.loop, words, on_ended, run);
    if (run->child != NULL)
        return true;
    loop_timer_cancel(run->limit);
    run->limit = NULL;
    return false;
}

static void begin(struct jobs_run *run)
{
    const struct jobs_step *step = jobs_document_step(run->document, run->step);
    char path[PATH_BYTES];
    const char *fault;

    (void)snprintf(
        path, sizeof(path), "%s/%s", run->options.folder, step->handler);
    fault = fault_of(run->options.folder, path);
    if (fault != NULL)
        fail(run, fault);
    else if (!run->options.beginning(run->options.context, run->step))
        fail(run, "the disk refuses to note that it begins");
    else if (!start(run, step, path))
        fail(run, "it cannot be started; the device's log says why");
}

void jobs_run_begin(
    struct jobs_run *run, const struct jobs_document *document, size_t step)
{
    run->document = document;
    run->step = step;
    run->stopped = false;
    begin(run);
}

bool jobs_run_is_busy(const struct jobs_run *run)
{
    return run->document != NULL;
}

void jobs_run_stop(struct jobs_run *run)
{
    run->stopped = true;
}

enum err jobs_run_new(
    const struct jobs_run_options *options, struct jobs_run **out)
{
    struct jobs_run *run = calloc(1, sizeof(*run));

    if (run == NULL)
        return ERR_NO_MEMORY;
    run->options = *options;
    *out = run;
    return ERR_OK;
}

void jobs_run_free(struct jobs_run *run)
{
    if (run == NULL)
        return;
    loop_child_leave(run->child);
    loop_timer_cancel(run->limit);
    free(run);
}
