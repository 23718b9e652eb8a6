/* run_owner.c */

#include "run_owner.h"

#include <stdio.h>

#include "device/description.h"
#include "device/owner_store.h"

static enum err invoke(void *context, const char *action,
    const struct json *input, owner_invoked *answer, void *answer_context)
{
    const struct calls_request request = {action, input, true};

    return calls_start(context, &request, answer, answer_context);
}

/* What the Thing Description marks private, and what it can be asked to do. */
static enum err open_described(const struct settings *settings,
    const char *folder, const struct owner_options *given,
    struct run_owner *out)
{
    char path[OWNER_STORE_PATH];
    struct json *td = NULL;
    enum err e = ERR_OK;

    if (settings->description != NULL)
        e = description_read(settings->description, &td);
    if (e == ERR_OK &&
        snprintf(path, sizeof(path), "%s/private", folder) >= (int)sizeof(path))
        e = ERR_TOO_BIG;
    if (e == ERR_OK)
        e = owner_private_new(given->loop, td, path, &out->private);
    if (e == ERR_OK)
        e = calls_new(given->loop, given->commands, td, &out->calls);
    json_free(td);
    return e;
}

enum err run_owner_open(const struct settings *settings, const char *hit,
    const struct owner_options *given, struct run_owner *out)
{
    char folder[OWNER_STORE_PATH];
    struct owner_options options = *given;
    enum err e = ERR_TOO_BIG;

    if (snprintf(folder, sizeof(folder), "%s/owner", settings->folder) <
        (int)sizeof(folder))
        e = open_described(settings, folder, given, out);
    if (e != ERR_OK || hit == NULL)
        return e;
    options.folder = folder;
    options.verifier = settings->verifier;
    options.wipe = settings->wipe;
    options.private = out->private;
    options.invoke = invoke;
    options.invoke_context = out->calls;
    e = hit_parse(hit, &options.hit);
    return e == ERR_OK ? owner_new(&options, &out->owner) : e;
}

void run_owner_close(struct run_owner *o)
{
    calls_free(o->calls); /* it answers to the owner */
    owner_free(o->owner);
    owner_private_free(o->private);
}
