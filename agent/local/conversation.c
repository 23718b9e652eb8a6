/* conversation.c - a ticket stands for one letter that is not stored yet.  It
 * outlives its conversation when the application hangs up first; the last
 * ticket frees the conversation then. */

#include "local/conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/near.h"
#include "local/answer.h"
#include "local/conversation_inside.h"
#include "local/emission.h"
#include "local/enrolling.h"
#include "local/lines.h"
#include "local/status.h"

const char conversation_no_memory[] = "the agent is out of memory; try again";
static const struct json_limits limits = {LINES_MAX, 32};

enum err conversation_open(const struct conversation_sources *sources,
    conversation_say *say, void *context, struct conversation **out)
{
    struct conversation *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->sources = *sources;
    c->say = say;
    c->context = context;
    *out = c;
    return ERR_OK;
}

void conversation_privilege(struct conversation *c)
{
    c->privileged = true;
}

void conversation_close(struct conversation *c)
{
    if (c == NULL)
        return;
    conversation_unwatch(c);
    c->say = NULL;
    if (c->unanswered == 0)
        free(c);
}

bool conversation_is_full(const struct conversation *c)
{
    return c->unanswered >= CONVERSATION_UNANSWERED;
}

bool conversation_is_busy(const struct conversation *c)
{
    return c->unanswered > 0;
}

static void say(struct conversation *c, const char *line, size_t len)
{
    if (c->say != NULL)
        c->say(c->context, line, len);
}

void conversation_say_answer(
    struct conversation *c, const char *id, struct answer *answer)
{
    static const char busy[] = "{\"ok\":false,\"code\":\"busy\",\"error\":"
                               "\"the agent is out of memory; try again\"}\n";
    size_t len = 0;
    char *line = answer_line(answer, id, &len);

    if (line != NULL)
        say(c, line, len);
    else
        say(c, busy, sizeof(busy) - 1);
    free(line);
}

void conversation_refuse(
    struct conversation *c, const char *id, enum err e, const char *words)
{
    struct answer a = answer_refusal(e, words);

    conversation_say_answer(c, id, &a);
}

void conversation_greet(struct conversation *c)
{
    struct answer a = answer_event("hello");

    answer_number(&a, "protocol", CONVERSATION_PROTOCOL);
    answer_text(&a, "agent", NAMEPLATE_VERSION);
    answer_text(&a, "thing", c->sources.nameplate->thing);
    conversation_say_answer(c, "", &a);
}

struct ticket *conversation_new_ticket(struct conversation *c, const char *id)
{
    struct ticket *t = malloc(sizeof(*t) + strlen(id) + 1);

    if (t == NULL)
        return NULL;
    t->conversation = c;
    memcpy(t->id, id, strlen(id) + 1);
    c->unanswered++;
    return t;
}

void conversation_drop_ticket(struct ticket *t)
{
    struct conversation *c = t->conversation;

    free(t);
    if (c->say == NULL && c->unanswered == 0)
        free(c);
}

static void on_stored(void *context, bool stored)
{
    struct ticket *t = context;
    struct conversation *c = t->conversation;
    char line[ANSWER_STORED];

    /* Count first: who hears the answer may ask whether we are full. */
    c->unanswered--;
    if (stored)
        say(c, line, answer_stored(t->id, line));
    else
        conversation_refuse(
            c, t->id, ERR_IO, "the disk refused the message; it is not stored");
    conversation_drop_ticket(t);
}

/* What one operation says of each failure. */
struct words {
    const char *invalid, *too_big;
};

static void answer_start(
    struct ticket *t, enum err e, const struct words *words)
{
    struct conversation *c = t->conversation;
    const char *said = "its queue is full, or this day's bytes are written"
                       " (status tells); it is not stored, try again later";

    if (e == ERR_OK)
        return; /* on_stored answers */
    if (e == ERR_NO_MEMORY)
        said = conversation_no_memory;
    else if (e == ERR_INVALID)
        said = words->invalid;
    else if (e == ERR_NOT_FOUND)
        said = "\"class\" wants telemetry, event, critical or one that is "
               "configured";
    else if (e == ERR_EXISTS)
        said = "this stream would be one more than the 1,000 that are counted;"
               " use one of those";
    else if (e == ERR_TOO_BIG)
        said = words->too_big;
    else if (e == ERR_IO)
        said = "the disk refused the message; it is not stored";
    c->unanswered--;
    conversation_refuse(c, t->id, e == ERR_NOT_FOUND ? ERR_INVALID : e, said);
    conversation_drop_ticket(t);
}

static void do_report(
    struct conversation *c, const struct json *request, const char *id)
{
    static const struct words words = {
        "\"state\" wants at most 5 levels and no null in an array",
        "\"state\" is more than a shadow's 8 KB hold"};
    struct json *settings = json_get(request, "state");
    struct ticket *t;

    if (!json_is_object(settings)) {
        conversation_refuse(c, id, ERR_INVALID,
            "report wants \"state\", an object: {\"op\":\"report\","
            "\"state\":{\"temp\":21.5}}");
        return;
    }
    if (conversation_keeps_private(c, settings, id))
        return;
    t = conversation_new_ticket(c, id);
    if (t == NULL)
        conversation_refuse(c, id, ERR_NO_MEMORY, conversation_no_memory);
    else
        answer_start(t,
            shadow_report(c->sources.shadow, settings, on_stored, t), &words);
}

static void do_emit(
    struct conversation *c, const struct json *request, const char *id)
{
    static const struct words words = {
        "\"stream\" wants 1 to 64 letters, digits, '-' and '_'",
        "\"data\" is more than the 128 KB of a message"};
    struct telemetry_emission emission;
    const char *fault = emission_read(request, &emission);

    if (fault != NULL) {
        conversation_refuse(c, id, ERR_INVALID, fault);
        return;
    }
    emission.stored = on_stored;
    emission.context = conversation_new_ticket(c, id);
    if (emission.context == NULL)
        conversation_refuse(c, id, ERR_NO_MEMORY, conversation_no_memory);
    else
        answer_start(emission.context,
            telemetry_emit(c->sources.telemetry, &emission), &words);
}

static void do_status(
    struct conversation *c, const struct json *request, const char *id)
{
    struct budget_figures budget;
    bool counts = session_budget(c->sources.session, &budget);
    const struct session_status s = session_status(c->sources.session);
    struct answer a =
        status_answer(&s, counts ? &budget : NULL, c->sources.nameplate->thing);

    (void)request;
    enrolling_add(&a, c->sources.enrolment);
    conversation_say_answer(c, id, &a);
}

static void do_enrol(
    struct conversation *c, const struct json *request, const char *id)
{
    struct answer a = enrolling_start(c->sources.enrolment);

    (void)request;
    conversation_say_answer(c, id, &a);
}

/* The one question an application has before it decides for itself. */
static void do_connected(
    struct conversation *c, const struct json *request, const char *id)
{
    const struct session_status s = session_status(c->sources.session);
    struct answer a = answer_ok();

    (void)request;
    answer_bool(&a, "connected", s.online);
    if (!s.online)
        answer_text(&a, "why", s.why);
    conversation_say_answer(c, id, &a);
}

static void do_identity(
    struct conversation *c, const struct json *request, const char *id)
{
    struct answer a = answer_ok();

    (void)request;
    answer_nameplate(&a, c->sources.nameplate);
    answer_key(&a, c->sources.key);
    enrolling_add(&a, c->sources.enrolment);
    conversation_say_answer(c, id, &a);
}

static const struct {
    const char *name;
    void (*run)(
        struct conversation *c, const struct json *request, const char *id);
} operations[] = {
    {"report",    do_report            },
    {"emit",      do_emit              },
    {"watch",     conversation_do_watch},
    {"status",    do_status            },
    {"connected", do_connected         },
    {"identity",  do_identity          },
    {"owner",     conversation_do_owner},
    {"reset",     conversation_do_reset},
    {"done",      conversation_do_done },
    {"enrol",     do_enrol             },
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void refuse_unknown(
    struct conversation *c, const char *id, const char *op)
{
    const char *names[OPERATIONS];
    const char *near;
    char words[200];

    for (size_t i = 0; i < OPERATIONS; i++)
        names[i] = operations[i].name;
    near = near_word(op, names, OPERATIONS);
    if (near != NULL)
        (void)snprintf(words, sizeof(words),
            "unknown op \"%s\"; did you mean \"%s\"?", op, near);
    else
        (void)snprintf(words, sizeof(words),
            "unknown op; expected report, emit, watch, status, connected, "
            "identity, enrol, owner, reset or done");
    conversation_refuse(c, id, ERR_UNSUPPORTED, words);
}

static void run(
    struct conversation *c, const struct json *request, const char *id)
{
    const char *op = json_text(json_get(request, "op"));

    if (op == NULL) {
        conversation_refuse(c, id, ERR_INVALID,
            "a request is an object with \"op\", text: {\"op\":\"status\"}");
        return;
    }
    for (size_t i = 0; i < OPERATIONS; i++)
        if (strcmp(operations[i].name, op) == 0) {
            operations[i].run(c, request, id);
            return;
        }
    refuse_unknown(c, id, op);
}

/* The id as it goes back: "" when there is none, NULL when it is not one. */
static const char *print_id(const struct json *request, char *out, size_t size)
{
    const struct json *id = json_get(request, "id");
    char *text;

    out[0] = '\0';
    if (id == NULL)
        return out;
    if (!json_is_string(id) && !json_is_number(id))
        return NULL;
    text = json_print(id);
    if (text == NULL || strlen(text) >= size) {
        free(text);
        return NULL;
    }
    (void)snprintf(out, size, "%s", text);
    free(text);
    return out;
}

void conversation_take(struct conversation *c, const char *line, size_t len)
{
    struct json *request = NULL;
    struct json_fault fault = {"", 0};
    char id[ANSWER_ID], words[200];
    enum err e;

    if (len == 0)
        return;
    e = json_parse_or_say(line, len, limits, &fault, &request);
    if (e == ERR_NO_MEMORY) {
        conversation_refuse(c, "", e, conversation_no_memory);
    } else if (e != ERR_OK) {
        (void)snprintf(words, sizeof(words),
            "not a line of JSON: %s, at byte %zu of %zu", fault.what, fault.at,
            len);
        conversation_refuse(c, "", ERR_INVALID, words);
    } else if (print_id(request, id, sizeof(id)) == NULL) {
        conversation_refuse(c, "", ERR_INVALID,
            "\"id\" wants a number or a short text; it comes back as it is");
    } else {
        run(c, request, id);
    }
    json_free(request);
}

void conversation_too_long(struct conversation *c)
{
    char words[100];

    (void)snprintf(words, sizeof(words),
        "a line of more than %d bytes; it was skipped", LINES_MAX);
    conversation_refuse(c, "", ERR_TOO_BIG, words);
}
