/* actions.c */

#include "device/actions.h"

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/loop_child.h"

#define MODULE       "actions"
#define WATCHERS_MAX 64  /* as many as applications are connected */
#define ANSWER_MS    500 /* for the answer to leave before the restart */

struct watcher {
    actions_identify_callback *callback;
    void *context;
};

/* A program, one at a time. */
struct program {
    struct actions *actions;
    const char *name;
    const char *path; /* NULL: none */
    struct loop_child *child;
    struct loop_timer *limit;
};

struct actions {
    struct loop *loop;
    struct program identify, restart;
    struct loop_timer *soon; /* the restart waits for its answer to leave */
    struct watcher watchers[WATCHERS_MAX];
    size_t watcher_count;
};

/* --- programs --------------------------------------------------------------
 */

static void on_limit(void *context)
{
    struct program *p = context;

    p->limit = NULL;
    log_warning(MODULE, "killed what ran too long program=%s", p->name);
    loop_child_kill(p->child);
}

static void on_ended(void *context, int status)
{
    struct program *p = context;

    p->child = NULL;
    loop_timer_cancel(p->limit);
    p->limit = NULL;
    if (status != 0)
        log_warning(MODULE, "failed program=%s status=%d", p->name, status);
}

static bool run(struct program *p)
{
    char *words[] = {(char *)p->path, (char *)p->name, NULL};

    if (p->child != NULL)
        return true; /* it is at it */
    p->child = loop_child_start(p->actions->loop, words, on_ended, p);
    if (p->child == NULL)
        return false;
    p->limit =
        loop_timer_start(p->actions->loop, ACTIONS_PROGRAM_MS, on_limit, p);
    return true;
}

static void leave(struct program *p)
{
    loop_child_leave(p->child);
    loop_timer_cancel(p->limit);
}

/* --- commands --------------------------------------------------------------
 */

static void reply(
    struct command *command, enum commands_status status, const char *words)
{
    const struct commands_answer answer = {status,
        status == COMMANDS_SUCCEEDED      ? NULL
            : status == COMMANDS_REJECTED ? "NOT_ALLOWED"
                                          : "PROGRAM_FAILED",
        words, NULL};

    commands_reply(command, &answer);
}

static void on_identify(
    void *context, struct command *command, const struct json *request)
{
    struct actions *a = context;

    (void)request;
    log_info(MODULE, "identify: somebody wants to see which device this is");
    for (size_t i = a->watcher_count; i > 0; i--)
        a->watchers[i - 1].callback(a->watchers[i - 1].context);
    if (a->identify.path == NULL || run(&a->identify))
        reply(command, COMMANDS_SUCCEEDED, NULL);
    else
        reply(command, COMMANDS_FAILED,
            "the program of [commands] identify cannot be started; the "
            "device's log says why");
}

static void on_soon(void *context)
{
    struct actions *a = context;

    a->soon = NULL;
    if (!run(&a->restart))
        log_error(MODULE, "the restart that was asked for did not begin");
}

static void on_restart(
    void *context, struct command *command, const struct json *request)
{
    struct actions *a = context;

    (void)request;
    if (a->restart.path == NULL) {
        reply(command, COMMANDS_REJECTED,
            "this device allows no restart from afar; its maker names a "
            "program in [commands] restart");
        return;
    }
    log_info(MODULE, "restart was asked for");
    if (a->soon == NULL)
        a->soon = loop_timer_start(a->loop, ANSWER_MS, on_soon, a);
    if (a->soon != NULL)
        reply(command, COMMANDS_SUCCEEDED, NULL);
    else
        reply(command, COMMANDS_FAILED, "the device is out of memory");
}

/* --- watchers --------------------------------------------------------------
 */

enum err actions_watch(
    struct actions *a, actions_identify_callback *callback, void *context)
{
    if (a->watcher_count == WATCHERS_MAX)
        return ERR_TOO_BIG;
    a->watchers[a->watcher_count++] = (struct watcher){callback, context};
    return ERR_OK;
}

void actions_unwatch(struct actions *a, const void *context)
{
    for (size_t i = 0; i < a->watcher_count; i++)
        if (a->watchers[i].context == context) {
            a->watchers[i] = a->watchers[--a->watcher_count];
            return;
        }
}

/* --- life ------------------------------------------------------------------
 */

enum err actions_new(
    const struct actions_options *options, struct actions **out)
{
    struct actions *a = calloc(1, sizeof(*a));
    enum err e;

    if (a == NULL)
        return ERR_NO_MEMORY;
    a->loop = options->loop;
    a->identify =
        (struct program){a, "identify", options->identify, NULL, NULL};
    a->restart = (struct program){a, "restart", options->restart, NULL, NULL};
    e = commands_add(options->commands, "identify", on_identify, a);
    if (e == ERR_OK)
        e = commands_add(options->commands, "restart", on_restart, a);
    if (e == ERR_OK)
        *out = a;
    else
        free(a);
    return e;
}

void actions_free(struct actions *a)
{
    if (a == NULL)
        return;
    leave(&a->identify);
    leave(&a->restart);
    loop_timer_cancel(a->soon);
    free(a);
}
