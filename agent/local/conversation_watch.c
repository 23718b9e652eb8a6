/* conversation_watch.c - what an application hears without having asked. */

#include "local/conversation_inside.h"

void conversation_tell_online(struct conversation *c, bool online)
{
    struct answer a;

    if (!c->watching)
        return;
    a = answer_event("online");
    answer_bool(&a, "online", online);
    conversation_say_answer(c, "", &a);
}

static void unwatch(struct conversation *c)
{
    shadow_unwatch(c->sources.shadow, c);
    actions_unwatch(c->sources.actions, c);
    conversation_unwatch_private(c);
}

static void on_desired(
    void *context, const struct json *settings, int64_t version)
{
    struct answer a = answer_event("desired");

    answer_value(&a, "state", conversation_without_private(context, settings));
    answer_number(&a, "version", (double)version);
    conversation_say_answer(context, "", &a);
}

static void on_identify(void *context)
{
    struct answer a = answer_event("identify");

    conversation_say_answer(context, "", &a);
}

/* All or nothing. */
static enum err watch(struct conversation *c)
{
    enum err e = shadow_watch(c->sources.shadow, on_desired, c);

    if (e == ERR_OK)
        e = actions_watch(c->sources.actions, on_identify, c);
    if (e == ERR_OK)
        e = conversation_watch_private(c);
    if (e != ERR_OK)
        unwatch(c);
    return e;
}

void conversation_do_watch(
    struct conversation *c, const struct json *request, const char *id)
{
    struct answer a;
    enum err e = ERR_OK;

    (void)request;
    if (!c->watching)
        e = watch(c);
    if (e != ERR_OK) {
        conversation_refuse(
            c, id, e, "nothing more can be watched now; try again");
        return;
    }
    c->watching = true;
    a = answer_ok();
    conversation_say_answer(c, id, &a);
    conversation_tell_online(c, session_status(c->sources.session).online);
}

void conversation_unwatch(struct conversation *c)
{
    if (c->watching)
        unwatch(c);
    c->watching = false;
}
