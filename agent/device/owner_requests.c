/* owner_requests.c - what a user asks in a channel, once it was opened. */

#include <stdlib.h>
#include <string.h>

#include "device/owner_inside.h"
#include "device/owner_private.h"
#include "identity/record_rules.h"
#include "ports/port.h"

#define ID_BYTES 64 /* of a request's id, when it is text */

/* A request that is worked on; lent for the call of its handler. */
struct request {
    struct owner *owner;
    struct owner_channel *channel; /* NULL: it is over */
    struct command *command;
    const struct json *body;
    const struct json *id;
    enum record_role role;
};

/* --- answers ---------------------------------------------------------------
 */

/* {"id":...,"ok":...}; NULL: no memory. */
static struct json *begin_answer(const struct json *id, bool ok)
{
    struct json *answer = json_new_object();
    enum err e = answer == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK && id != NULL)
        e = json_set(answer, "id", json_clone(id));
    if (e == ERR_OK)
        e = json_set(answer, "ok", json_new_bool(ok));
    if (e == ERR_OK)
        return answer;
    json_free(answer);
    return NULL;
}

static void reply(const struct request *r, struct json *answer)
{
    owner_succeed_sealed(r->command, r->channel, answer);
}

/* `extra` is taken; its members stand beside the code. */
static void refuse_with(const struct request *r, const char *code,
    const char *words, struct json *extra)
{
    struct json *answer = begin_answer(r->id, false);
    enum err e = answer == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK)
        e = json_set(answer, "code", json_new_string(code));
    if (e == ERR_OK)
        e = json_set(answer, "error", json_new_string(words));
    for (struct json *m = json_first(extra); e == ERR_OK && m != NULL;
         m = json_next(m))
        e = json_set(answer, json_key(m), json_clone(m));
    json_free(extra);
    if (e != ERR_OK) {
        json_free(answer);
        answer = NULL;
    }
    reply(r, answer);
}

static void refuse(const struct request *r, const char *code, const char *words)
{
    refuse_with(r, code, words, NULL);
}

/* --- private settings ------------------------------------------------------
 */

static void get(const struct request *r)
{
    struct json *answer = begin_answer(r->id, true);
    struct owner_private *private = r->owner->o.private;

    if (answer != NULL &&
        (json_set(answer, "state",
             private == NULL ? json_new_object()
                             : owner_private_state(private)) != ERR_OK ||
            json_set(answer, "epoch",
                json_new_number((double)owner_store_epoch(r->owner->store))) !=
                ERR_OK)) {
        json_free(answer);
        answer = NULL;
    }
    reply(r, answer);
}

static void set(const struct request *r)
{
    struct owner_private *private = r->owner->o.private;
    enum err e = private == NULL
        ? ERR_INVALID
        : owner_private_set(private, json_get(r->body, "state"));

    if (e == ERR_OK)
        reply(r, begin_answer(r->id, true));
    else if (e == ERR_INVALID)
        refuse(r, "INVALID",
            "\"state\" wants an object of settings that the Thing Description "
            "marks private, at most 5 levels deep, no null in an array");
    else if (e == ERR_TOO_BIG)
        refuse(r, "INVALID", "private settings hold at most 8 KB");
    else
        refuse(r, "BUSY", "the device's disk refused; try again");
}

/* --- actions ---------------------------------------------------------------
 */

/* Until the application answers. */
struct invocation {
    struct owner *owner;
    struct command *command;
    unsigned char channel[BOX_CHANNEL];
    struct json *id;
};

static void answer_invocation(const struct request *r,
    const struct json *output, const char *code, const char *words)
{
    struct json *answer;

    if (code != NULL) {
        refuse(r, code, words);
        return;
    }
    answer = begin_answer(r->id, true);
    if (answer != NULL && output != NULL &&
        json_set(answer, "output", json_clone(output)) != ERR_OK) {
        json_free(answer);
        answer = NULL;
    }
    reply(r, answer);
}

static void on_invoked(void *context, const struct json *output,
    const char *code, const char *words)
{
    struct invocation *i = context;
    struct request r = {.owner = i->owner,
        .channel = owner_channels_find(
            i->owner->channels, port_monotonic_ms(), i->channel),
        .command = i->command,
        .id = i->id};

    if (r.channel == NULL)
        owner_refuse(i->command, "NO_CHANNEL",
            "this channel is not open any more: open one anew");
    else
        answer_invocation(&r, output, code, words);
    json_free(i->id);
    free(i);
}

static void invoke(const struct request *r)
{
    const struct owner_options *o = &r->owner->o;
    const char *action = json_text(json_get(r->body, "action"));
    struct invocation *i;
    enum err e = ERR_NO_MEMORY;

    if (action == NULL || o->invoke == NULL) {
        refuse(r, "INVALID", "\"action\" wants one of the Thing Description");
        return;
    }
    i = calloc(1, sizeof(*i));
    if (i != NULL) {
        *i = (struct invocation){.owner = r->owner, .command = r->command};
        memcpy(i->channel, r->channel->id, BOX_CHANNEL);
        i->id = r->id == NULL ? NULL : json_clone(r->id);
        e = o->invoke(o->invoke_context, action, json_get(r->body, "input"),
            on_invoked, i);
    }
    if (e == ERR_OK)
        return;
    if (i != NULL)
        json_free(i->id);
    free(i);
    if (e == ERR_INVALID)
        refuse(r, "INVALID", "\"action\" wants one of the Thing Description");
    else if (e == ERR_NOT_FOUND)
        refuse(r, "NO_APPLICATION",
            "no application on the device listens for actions now");
    else
        refuse(r, "BUSY", "too many actions at once; try again");
}

/* --- ownership -------------------------------------------------------------
 */

static const char *code_of(enum record_verdict verdict)
{
    switch (verdict) {
    case RECORD_STALE:
        return "STALE";
    case RECORD_NOT_YOURS:
        return "NOT_YOURS";
    case RECORD_TAKE:
    case RECORD_WRONG:
        break;
    }
    return "INVALID";
}

/* NULL: it was refused. */
static struct record *judge(const struct request *r)
{
    const struct owner *o = r->owner;
    const struct record_place place = {
        o->o.thing, &o->o.hit, owner_store_record(o->store), NULL};
    struct record *record = NULL;
    enum record_verdict verdict = RECORD_WRONG;
    const char *why = "out of memory";

    if (record_read(json_get(r->body, "record"), &why, &record) == ERR_OK)
        verdict = record_judge(record, &place, &why);
    if (verdict == RECORD_TAKE)
        return record;
    record_free(record);
    refuse_with(r, code_of(verdict), why,
        verdict == RECORD_STALE ? owner_current(o) : NULL);
    return NULL;
}

static struct json *print_changed(
    const struct request *r, bool wiped, const char *code)
{
    const struct owner *o = r->owner;
    struct json *answer = begin_answer(r->id, true);
    enum err e = answer == NULL
        ? ERR_NO_MEMORY
        : json_set(answer, "epoch",
              json_new_number((double)owner_store_epoch(o->store)));

    if (e == ERR_OK && wiped)
        e = json_set(answer, "wiped", owner_wiped(o));
    if (e == ERR_OK && code != NULL)
        e = json_set(answer, "code", json_new_string(code));
    if (e == ERR_OK)
        return answer;
    json_free(answer);
    return NULL;
}

/* The answer goes out in the channel that may be over because of it.  Were it
 * still open, its counter must not be used twice. */
static void change(
    const struct request *r, struct record *record, const char *code)
{
    struct owner_channel last = *r->channel;
    struct request after = *r;
    bool wiped = record_wipes(record->act);

    if (owner_change(r->owner, record) != ERR_OK) {
        record_free(record);
        refuse(r, "BUSY", "the device's disk refused, nothing has changed");
        return;
    }
    after.channel =
        owner_channels_find(r->owner->channels, port_monotonic_ms(), last.id);
    if (after.channel == NULL)
        after.channel = &last;
    reply(&after, print_changed(&after, wiped, code));
    explicit_bzero(&last, sizeof(last));
}

static void ownership(const struct request *r)
{
    const struct json *new_code = json_get(r->body, "new_code");
    struct record *record = judge(r);

    if (record == NULL)
        return;
    if (new_code == NULL) {
        change(r, record, NULL);
    } else if (!json_is_true(new_code) || record->act != RECORD_RELEASE ||
        r->role != RECORD_OWNER) {
        record_free(record);
        refuse(r, "NOT_YOURS",
            "a new code is for an owner who releases the device");
    } else {
        owner_release_with_new_code(
            r->owner, r->channel, r->command, r->id, record);
    }
}

void owner_released(struct owner *o, struct owner_channel *channel,
    struct command *command, const struct json *id, struct record *record,
    const char *code)
{
    const struct request r = {
        .owner = o, .channel = channel, .command = command, .id = id};

    if (record != NULL)
        change(&r, record, code);
    else
        refuse(&r, "BUSY", "no new code could be made, nothing has changed");
}

/* --- all of them -----------------------------------------------------------
 */

static bool is_id(const struct json *id)
{
    const char *text = json_text(id);

    return id == NULL || json_is_number(id) ||
        (text != NULL && strlen(text) <= ID_BYTES);
}

void owner_take_request(struct owner *owner, struct owner_channel *channel,
    struct command *command, const struct json *body)
{
    static const struct {
        const char *op;
        enum record_role role; /* at least */
        void (*run)(const struct request *r);
    } ops[] = {
        {"get",       RECORD_VIEWER,   get      },
        {"set",       RECORD_OPERATOR, set      },
        {"invoke",    RECORD_OPERATOR, invoke   },
        {"ownership", RECORD_RECOVERY, ownership},
    };
    struct request r = {owner, channel, command, body, json_get(body, "id"),
        record_role(owner_store_record(owner->store), channel->key)};
    const char *op = json_text(json_get(body, "op"));

    if (!is_id(r.id)) {
        r.id = NULL;
        refuse(&r, "INVALID", "\"id\" wants a number or a short text");
        return;
    }
    for (size_t i = 0; op != NULL && i < sizeof(ops) / sizeof(ops[0]); i++) {
        if (strcmp(ops[i].op, op) != 0)
            continue;
        if (r.role >= ops[i].role)
            ops[i].run(&r);
        else
            refuse(&r, "NOT_YOURS", "your role on this device may not do this");
        return;
    }
    refuse(&r, "INVALID", "\"op\" wants get, set, invoke or ownership");
}
