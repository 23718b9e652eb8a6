/* conversation_user.c - whose the device is, private settings, and actions. */

#include <stdlib.h>

#include "local/conversation_inside.h"

void conversation_do_owner(
    struct conversation *c, const struct json *request, const char *id)
{
    struct answer a = answer_ok();

    (void)request;
    if (c->sources.owner == NULL) {
        conversation_refuse(c, id, ERR_UNSUPPORTED,
            "the device's key has no Host Identity Tag, so nobody can own it");
        return;
    }
    answer_value(&a, "owner", owner_status(c->sources.owner));
    conversation_say_answer(c, id, &a);
}

static void on_reset(void *context, enum err e, int64_t epoch)
{
    struct ticket *t = context;
    struct answer a;

    t->conversation->unanswered--;
    if (e == ERR_OK) {
        a = answer_ok();
        answer_number(&a, "epoch", (double)epoch);
    } else {
        a = answer_refusal(e == ERR_CONFLICT ? ERR_AGAIN : e,
            "the device is not reset: its disk or its factory key refused; "
            "the agent's log says why");
    }
    conversation_say_answer(t->conversation, t->id, &a);
    conversation_drop_ticket(t);
}

void conversation_do_reset(
    struct conversation *c, const struct json *request, const char *id)
{
    struct ticket *t;
    enum err e = ERR_DENIED;

    (void)request;
    if (!c->privileged || c->sources.owner == NULL) {
        conversation_refuse(c, id, e,
            "only root and the agent's own user may reset the device");
        return;
    }
    t = conversation_new_ticket(c, id);
    if (t == NULL) {
        conversation_refuse(c, id, ERR_NO_MEMORY, conversation_no_memory);
        return;
    }
    e = owner_reset(c->sources.owner, on_reset, t);
    if (e == ERR_OK)
        return;
    c->unanswered--;
    conversation_refuse(
        c, t->id, e, "the device cannot be reset now; try again");
    conversation_drop_ticket(t);
}

/* --- private settings ------------------------------------------------------
 */

/* The private members of a report, moved out of it; NULL: no memory. */
static struct json *take_private(
    const struct conversation *c, struct json *report)
{
    struct json *private = json_new_object(), *next;
    enum err e = private == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (struct json *m = json_first(report); e == ERR_OK && m != NULL;
         m = next) {
        next = json_next(m);
        if (!owner_private_is_one(c->sources.private, json_key(m)))
            continue;
        e = json_set(private, json_key(m), json_clone(m));
        json_remove(report, json_key(m));
    }
    if (e == ERR_OK)
        return private;
    json_free(private);
    return NULL;
}

static const char *words_of(enum err e)
{
    if (e == ERR_INVALID)
        return "private settings want at most 5 levels and no null in an array";
    if (e == ERR_TOO_BIG)
        return "private settings hold at most 8 KB";
    return e == ERR_NO_MEMORY ? conversation_no_memory
                              : "the disk refused; it is not stored";
}

bool conversation_keeps_private(
    struct conversation *c, struct json *report, const char *id)
{
    struct json *private;
    struct answer a;
    enum err e = ERR_NO_MEMORY;
    size_t count;

    if (c->sources.private == NULL)
        return false;
    private = take_private(c, report);
    count = json_count(private);
    if (private != NULL)
        e = count == 0 ? ERR_OK
                       : owner_private_report(c->sources.private, private);
    json_free(private);
    if (e != ERR_OK) {
        conversation_refuse(c, id,
            e == ERR_INVALID || e == ERR_TOO_BIG || e == ERR_NO_MEMORY ? e
                                                                       : ERR_IO,
            words_of(e));
        return true;
    }
    if (count == 0 || json_count(report) > 0)
        return false;
    a = answer_ok();
    answer_bool(&a, "stored", true);
    conversation_say_answer(c, id, &a);
    return true;
}

struct json *conversation_without_private(
    const struct conversation *c, const struct json *wishes)
{
    struct json *copy = json_clone(wishes), *next;

    for (struct json *m = json_first(copy);
         c->sources.private != NULL && m != NULL; m = next) {
        next = json_next(m);
        if (owner_private_is_one(c->sources.private, json_key(m)))
            json_remove(copy, json_key(m));
    }
    return copy;
}

static void on_wished(void *context, const struct json *state, int64_t version)
{
    struct answer a = answer_event("desired");

    answer_value(&a, "state", json_clone(state));
    answer_number(&a, "version", (double)version);
    answer_bool(&a, "private", true);
    conversation_say_answer(context, "", &a);
}

/* --- actions ---------------------------------------------------------------
 */

static void on_called(void *context, const char *call, const char *action,
    const struct json *input)
{
    struct answer a = answer_event("action");

    answer_text(&a, "call", call);
    answer_text(&a, "action", action);
    if (input != NULL)
        answer_value(&a, "input", json_clone(input));
    conversation_say_answer(context, "", &a);
}

void conversation_do_done(
    struct conversation *c, const struct json *request, const char *id)
{
    const char *call = json_text(json_get(request, "call"));
    const struct json *error = json_get(request, "error");
    struct answer a;

    if (call == NULL || (error != NULL && json_text(error) == NULL)) {
        conversation_refuse(c, id, ERR_INVALID,
            "done wants \"call\", and when it failed \"error\", text: "
            "{\"op\":\"done\",\"call\":\"c1\",\"output\":5}");
        return;
    }
    if (c->sources.calls == NULL ||
        calls_done(c->sources.calls, call, json_get(request, "output"),
            json_text(error)) != ERR_OK) {
        conversation_refuse(c, id, ERR_INVALID,
            "no such call: it was answered already, or took too long");
        return;
    }
    a = answer_ok();
    conversation_say_answer(c, id, &a);
}

enum err conversation_watch_private(struct conversation *c)
{
    enum err e = ERR_OK;

    if (c->sources.private != NULL)
        e = owner_private_watch(c->sources.private, on_wished, c);
    if (e == ERR_OK && c->sources.calls != NULL)
        e = calls_watch(c->sources.calls, on_called, c);
    return e;
}

void conversation_unwatch_private(struct conversation *c)
{
    if (c->sources.private != NULL)
        owner_private_unwatch(c->sources.private, c);
    if (c->sources.calls != NULL)
        calls_unwatch(c->sources.calls, c);
}
