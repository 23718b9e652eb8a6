/* calls.c */

#include "device/calls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define WATCHERS_MAX 64
#define MARK         "nameplate:private"

struct call {
    struct calls *calls;
    char id[CALLS_ID];
    calls_answered *answered;
    void *context;
    struct loop_timer *limit;
};

struct watcher {
    calls_called *callback;
    void *context;
};

struct calls {
    struct loop *loop;
    struct json *actions; /* name: is it private? */
    uint64_t number;
    struct call *open[CALLS_MOST];
    struct watcher watchers[WATCHERS_MAX];
    size_t watcher_count;
};

/* --- calls -----------------------------------------------------------------
 */

static void end(struct call *call, const struct json *output, const char *code,
    const char *words)
{
    struct calls *c = call->calls;

    for (size_t i = 0; i < CALLS_MOST; i++)
        if (c->open[i] == call)
            c->open[i] = NULL;
    loop_timer_cancel(call->limit);
    call->answered(call->context, output, code, words);
    free(call);
}

static void on_limit(void *context)
{
    struct call *call = context;

    call->limit = NULL;
    end(call, NULL, "NO_RESPONSE",
        "no application on the device answered within 10 s");
}

static enum err begin(
    struct calls *c, calls_answered *answered, void *context, struct call **out)
{
    struct call **place = NULL, *call;

    for (size_t i = 0; i < CALLS_MOST; i++)
        if (c->open[i] == NULL)
            place = &c->open[i];
    if (place == NULL)
        return ERR_AGAIN;
    call = calloc(1, sizeof(*call));
    if (call == NULL)
        return ERR_NO_MEMORY;
    *call = (struct call){.calls = c, .answered = answered, .context = context};
    (void)snprintf(call->id, sizeof(call->id), "c%" PRIu64, ++c->number);
    call->limit = loop_timer_start(c->loop, CALLS_MS, on_limit, call);
    if (call->limit == NULL) {
        free(call);
        return ERR_NO_MEMORY;
    }
    *place = call;
    *out = call;
    return ERR_OK;
}

enum err calls_start(struct calls *c, const struct calls_request *request,
    calls_answered *answered, void *context)
{
    const struct json *private = json_get(c->actions, request->action);
    struct call *call;
    enum err e;

    if (private == NULL || (json_is_true(private) && !request->may_private))
        return ERR_INVALID;
    if (c->watcher_count == 0)
        return ERR_NOT_FOUND;
    e = begin(c, answered, context, &call);
    if (e != ERR_OK)
        return e;
    for (size_t i = c->watcher_count; i > 0; i--)
        c->watchers[i - 1].callback(c->watchers[i - 1].context, call->id,
            request->action, request->input);
    return ERR_OK;
}

enum err calls_done(struct calls *c, const char *id, const struct json *output,
    const char *words)
{
    for (size_t i = 0; i < CALLS_MOST; i++)
        if (c->open[i] != NULL && strcmp(c->open[i]->id, id) == 0) {
            end(c->open[i], words == NULL ? output : NULL,
                words == NULL ? NULL : "ACTION_FAILED", words);
            return ERR_OK;
        }
    return ERR_NOT_FOUND;
}

/* --- watchers --------------------------------------------------------------
 */

enum err calls_watch(struct calls *c, calls_called *callback, void *context)
{
    if (c->watcher_count == WATCHERS_MAX)
        return ERR_TOO_BIG;
    c->watchers[c->watcher_count++] = (struct watcher){callback, context};
    return ERR_OK;
}

void calls_unwatch(struct calls *c, const void *context)
{
    for (size_t i = 0; i < c->watcher_count; i++)
        if (c->watchers[i].context == context) {
            c->watchers[i] = c->watchers[--c->watcher_count];
            return;
        }
}

/* --- the command -----------------------------------------------------------
 */

static void on_answered(void *context, const struct json *output,
    const char *code, const char *words)
{
    const struct commands_answer answer = {
        code == NULL ? COMMANDS_SUCCEEDED : COMMANDS_FAILED, code, words,
        output == NULL ? NULL : json_clone(output)};

    commands_reply(context, &answer);
}

static void reject(struct command *command, enum err e)
{
    struct commands_answer answer = {
        COMMANDS_REJECTED, "BUSY", "too many actions at once; try again", NULL};

    if (e == ERR_INVALID) {
        answer.code = "INVALID";
        answer.words = "\"name\" wants an action of the Thing Description that "
                       "is not private";
    } else if (e == ERR_NOT_FOUND) {
        answer.code = "NO_APPLICATION";
        answer.words = "no application on the device listens for actions now";
    }
    commands_reply(command, &answer);
}

static void on_invoke(
    void *context, struct command *command, const struct json *request)
{
    const char *name = json_text(json_get(request, "name"));
    const struct calls_request wanted = {
        name == NULL ? "" : name, json_get(request, "input"), false};
    enum err e = calls_start(context, &wanted, on_answered, command);

    if (e != ERR_OK)
        reject(command, e);
}

/* --- life ------------------------------------------------------------------
 */

static enum err find_actions(struct calls *c, const struct json *td)
{
    enum err e = ERR_OK;

    c->actions = json_new_object();
    if (c->actions == NULL)
        return ERR_NO_MEMORY;
    for (const struct json *a = json_first(json_get(td, "actions"));
         e == ERR_OK && a != NULL; a = json_next(a))
        e = json_set(c->actions, json_key(a),
            json_new_bool(json_is_true(json_get(a, MARK))));
    return e;
}

enum err calls_new(struct loop *loop, struct commands *commands,
    const struct json *td, struct calls **out)
{
    struct calls *c = calloc(1, sizeof(*c));
    enum err e;

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->loop = loop;
    e = find_actions(c, td);
    if (e == ERR_OK)
        e = commands_add(commands, "invoke", on_invoke, c);
    if (e == ERR_OK)
        *out = c;
    else
        calls_free(c);
    return e;
}

void calls_free(struct calls *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < CALLS_MOST; i++)
        if (c->open[i] != NULL)
            end(c->open[i], NULL, "NO_RESPONSE", "the agent is stopping");
    json_free(c->actions);
    free(c);
}
