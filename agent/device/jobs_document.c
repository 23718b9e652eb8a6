/* jobs_document.c - each member is looked at; what is not understood and could
 * change what is run refuses the whole. */

#include "device/jobs_document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct jobs_document {
    struct json *root; /* what the steps lend */
    size_t count;
    struct jobs_step steps[JOBS_STEPS_MOST];
};

/* Where we are, for words. */
struct reading {
    char *why;
    size_t step; /* from 1; 0: the document itself */
};

__attribute__((format(printf, 2, 3))) static enum err refuse(
    const struct reading *r, const char *format, ...)
{
    va_list words;
    int len = r->step == 0
        ? snprintf(r->why, JOBS_WORDS, "the document: ")
        : snprintf(r->why, JOBS_WORDS, "step %zu: ", r->step);

    va_start(words, format);
    (void)vsnprintf(r->why + len, JOBS_WORDS - (size_t)len, format, words);
    va_end(words);
    return ERR_INVALID;
}

/* No path can be made of it, and no hidden file. */
static bool is_handler(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = name == NULL ? 0 : strlen(name);

    return len > 0 && len <= JOBS_HANDLER_MOST && name[0] != '.' &&
        strspn(name, allowed) == len;
}

static enum err read_args(
    const struct reading *r, const struct json *args, struct jobs_step *step)
{
    if (args == NULL)
        return ERR_OK;
    if (!json_is_array(args) || json_count(args) > JOBS_ARGS_MOST)
        return refuse(
            r, "args: expected an array, at most %d texts", JOBS_ARGS_MOST);
    for (const struct json *a = json_first(args); a != NULL; a = json_next(a)) {
        if (!json_is_string(a))
            return refuse(r, "args: expected texts only");
        step->args[step->arg_count++] = json_text(a);
    }
    return ERR_OK;
}

static enum err read_input(
    const struct reading *r, const struct json *input, struct jobs_step *step)
{
    const struct json *path = json_get(input, "path");

    step->handler = json_text(json_get(input, "handler"));
    if (!is_handler(step->handler))
        return refuse(
            r, "input.handler: expected a file's name: letters, digits, . _ -");
    if (path != NULL &&
        (!json_is_string(path) || strcmp(json_text(path), "default") != 0))
        return refuse(r, "input.path: expected \"default\", or left out");
    return read_args(r, json_get(input, "args"), step);
}

/* Text or absent. */
static bool take_text(
    const struct json *object, const char *key, const char **out)
{
    const struct json *value = json_get(object, key);

    *out = value == NULL ? "" : json_text(value);
    return *out != NULL;
}

/* AWS's is the text "true". */
static bool take_truth(const struct json *object, const char *key, bool *out)
{
    const struct json *value = json_get(object, key);
    const char *text = json_text(value);

    *out = json_is_true(value) || (text != NULL && strcmp(text, "true") == 0);
    return value == NULL || json_is_bool(value) || *out ||
        (text != NULL && strcmp(text, "false") == 0);
}

static enum err read_step(
    const struct reading *r, const struct json *step, struct jobs_step *out)
{
    const struct json *action = json_get(step, "action");
    const char *type = json_text(json_get(action, "type"));

    if (type == NULL || strcmp(type, "runHandler") != 0)
        return refuse(r,
            "action.type: expected \"runHandler\"; this device runs its"
            " maker's handlers only");
    if (json_get(step, "conditions") != NULL)
        return refuse(r, "conditions are not known to this device");
    if (!take_text(action, "name", &out->name) ||
        !take_text(action, "runAsUser", &out->user))
        return refuse(r, "action.name and .runAsUser: expected texts");
    if (!take_truth(action, "ignoreStepFailure", &out->may_fail))
        return refuse(r, "ignoreStepFailure: expected \"true\" or \"false\"");
    return read_input(r, json_get(action, "input"), out);
}

static enum err read_steps(struct jobs_document *d, char *why)
{
    const struct json *steps = json_get(d->root, "steps");
    const struct json *final = json_get(d->root, "finalStep");
    struct reading r = {why, 0};
    const char *version = json_text(json_get(d->root, "version"));
    enum err e = ERR_OK;

    if (version == NULL || strcmp(version, "1.0") != 0)
        return refuse(&r, "version: expected \"1.0\"");
    if (json_get(d->root, "conditions") != NULL)
        return refuse(&r, "conditions are not known to this device");
    if (!json_is_array(steps) || json_count(steps) == 0 ||
        json_count(steps) + (final != NULL) > JOBS_STEPS_MOST)
        return refuse(&r, "steps: expected an array, 1 to %d with the final",
            JOBS_STEPS_MOST);
    for (const struct json *s = json_first(steps); s != NULL && e == ERR_OK;
         s = json_next(s)) {
        r.step = ++d->count;
        e = read_step(&r, s, &d->steps[d->count - 1]);
    }
    if (e == ERR_OK && final != NULL) {
        r.step = ++d->count;
        e = read_step(&r, final, &d->steps[d->count - 1]);
    }
    return e;
}

enum err jobs_document_read(const struct json *document, char why[JOBS_WORDS],
    struct jobs_document **out)
{
    struct jobs_document *d = calloc(1, sizeof(*d));
    enum err e = ERR_NO_MEMORY;

    (void)snprintf(why, JOBS_WORDS, "the device is out of memory");
    if (d == NULL)
        return e;
    d->root = document == NULL ? json_new_object() : json_clone(document);
    if (d->root != NULL)
        e = read_steps(d, why);
    if (e == ERR_OK)
        *out = d;
    else
        jobs_document_free(d);
    return e;
}

void jobs_document_free(struct jobs_document *d)
{
    if (d == NULL)
        return;
    json_free(d->root);
    free(d);
}

size_t jobs_document_count(const struct jobs_document *d)
{
    return d->count;
}

const struct jobs_step *jobs_document_step(
    const struct jobs_document *d, size_t index)
{
    return &d->steps[index];
}
