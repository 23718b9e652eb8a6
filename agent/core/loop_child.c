/* loop_child.c */

#include "core/loop_child.h"

#include <signal.h>
#include <stdlib.h>

#include "core/log.h"
#include "core/loop_inside.h"

struct loop_child {
    uv_process_t uv;
    loop_child_callback *callback; /* NULL: nobody wants to know */
    void *context;
};

static void free_child(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_end(uv_process_t *uv, int64_t status, int signum)
{
    struct loop_child *child = uv->data;
    loop_child_callback *callback = child->callback;
    void *context = child->context;

    child->callback = NULL;
    if (uv_is_closing((uv_handle_t *)uv) == 0)
        uv_close((uv_handle_t *)uv, free_child);
    if (callback != NULL)
        callback(context, signum == 0 ? (int)status : 128 + signum);
}

struct loop_child *loop_child_start(struct loop *loop, char *const words[],
    loop_child_callback *callback, void *context)
{
    struct loop_child *child = calloc(1, sizeof(*child));
    uv_stdio_container_t streams[3] = {
        {.flags = UV_IGNORE},
        { .flags = UV_INHERIT_FD,      .data.fd = 2},
        { .flags = UV_INHERIT_FD,      .data.fd = 2},
    };
    uv_process_options_t options = {.file = words[0],
        .args = (char **)words,
        .exit_cb = on_end,
        .stdio = streams,
        .stdio_count = 3};
    int status;

    if (child == NULL)
        return NULL;
    child->callback = callback;
    child->context = context;
    child->uv.data = child;
    status = uv_spawn(loop_uv(loop), &child->uv, &options);
    if (status == 0)
        return child;
    log_error("loop", "cannot run path=\"%s\" reason=\"%s\"", words[0],
        uv_strerror(status));
    child->callback = NULL;
    uv_close((uv_handle_t *)&child->uv, free_child);
    return NULL;
}

/* The handle goes, and with it the wait: who closes the loop does not wait. */
void loop_child_leave(struct loop_child *child)
{
    if (child == NULL)
        return;
    child->callback = NULL;
    uv_close((uv_handle_t *)&child->uv, free_child);
}

void loop_child_kill(struct loop_child *child)
{
    (void)uv_process_kill(&child->uv, SIGKILL);
}
