/* conversation.c - a ticket stands for one letter that is not stored yet.  It
 * outlives its conversation when the application hangs up first; the last
 * ticket frees the conversation then. */

#include "local/conversation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/near.h"
#include "local/lines.h"

#define ID_MAX 200 /* as printed */

static const struct json_limits limits = {LINES_MAX, 32};

struct conversation {
    struct conversation_sources sources;
    conversation_say *say; /* NULL: closed */
    void *context;
    size_t unanswered; /* tickets */
    bool watching;
};

struct ticket {
    struct conversation *conversation;
    char id[]; /* as printed, or empty */
};

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

void conversation_close(struct conversation *c)
{
    if (c == NULL)
        return;
    if (c->watching)
        shadow_unwatch(c->sources.shadow, c);
    c->watching = false;
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

/* `body` is an object's text; the id, when there is one, goes in front. */
static void say_text(struct conversation *c, const char *id, const char *body)
{
    size_t size = strlen(id) + strlen(body) + sizeof("{\"id\":,\n");
    char *line;
    int len;

    if (c->say == NULL)
        return;
    line = malloc(size);
    if (line == NULL)
        return;
    len = *id == '\0' ? snprintf(line, size, "%s\n", body)
                      : snprintf(line, size, "{\"id\":%s,%s\n", id, body + 1);
    c->say(c->context, line, (size_t)len);
    free(line);
}

/* Takes `body`; `e` is what filling it came to. */
static void say_object(
    struct conversation *c, const char *id, struct json *body, enum err e)
{
    char *text = body == NULL || e != ERR_OK ? NULL : json_print(body);

    if (text != NULL)
        say_text(c, id, text);
    else
        say_text(c, id,
            "{\"ok\":false,\"code\":\"busy\",\"error\":"
            "\"the agent is out of memory; try again\"}");
    free(text);
    json_free(body);
}

static const char *code_of(enum err e)
{
    switch (e) {
    case ERR_INVALID:
        return "invalid";
    case ERR_TOO_BIG:
        return "too_large";
    case ERR_UNSUPPORTED:
        return "unsupported";
    case ERR_OK:
    case ERR_NO_MEMORY:
    case ERR_AGAIN:
        return "busy";
    case ERR_NOT_FOUND:
    case ERR_EXISTS:
    case ERR_CONFLICT:
    case ERR_DENIED:
    case ERR_IO:
        return "io";
    }
    return "io";
}

static void refuse(
    struct conversation *c, const char *id, enum err e, const char *words)
{
    struct json *body = json_new_object();

    if (body != NULL && json_set(body, "ok", json_new_bool(false)) == ERR_OK &&
        json_set(body, "code", json_new_string(code_of(e))) == ERR_OK &&
        json_set(body, "error", json_new_string(words)) == ERR_OK)
        say_object(c, id, body, ERR_OK);
    else
        say_object(c, id, body, ERR_NO_MEMORY);
}

/* A member of an object; failures add up in *e. */
static void put(
    struct json *object, const char *key, struct json *value, enum err *e)
{
    if (object == NULL)
        json_free(value);
    else if (*e == ERR_OK)
        *e = json_set(object, key, value);
    else
        json_free(value);
}

static void put_text(
    struct json *object, const char *key, const char *text, enum err *e)
{
    if (text != NULL)
        put(object, key, json_new_string(text), e);
}

static void put_number(
    struct json *object, const char *key, double number, enum err *e)
{
    put(object, key, json_new_number(number), e);
}

static struct json *new_event(const char *name, enum err *e)
{
    struct json *event = json_new_object();

    put_text(event, "ev", name, e);
    return event;
}

static struct json *new_success(enum err *e)
{
    struct json *body = json_new_object();

    put(body, "ok", json_new_bool(true), e);
    return body;
}

void conversation_greet(struct conversation *c)
{
    enum err e = ERR_OK;
    struct json *hello = new_event("hello", &e);

    put_number(hello, "protocol", CONVERSATION_PROTOCOL, &e);
    put_text(hello, "agent", NAMEPLATE_VERSION, &e);
    put_text(hello, "thing", c->sources.nameplate->thing, &e);
    say_object(c, "", hello, e);
}

void conversation_tell_online(struct conversation *c, bool online)
{
    enum err e = ERR_OK;
    struct json *event;

    if (!c->watching)
        return;
    event = new_event("online", &e);
    put(event, "online", json_new_bool(online), &e);
    say_object(c, "", event, e);
}

static struct ticket *new_ticket(struct conversation *c, const char *id)
{
    struct ticket *t = malloc(sizeof(*t) + strlen(id) + 1);

    if (t == NULL)
        return NULL;
    t->conversation = c;
    memcpy(t->id, id, strlen(id) + 1);
    c->unanswered++;
    return t;
}

static void drop_ticket(struct ticket *t)
{
    struct conversation *c = t->conversation;

    c->unanswered--;
    if (c->say == NULL && c->unanswered == 0)
        free(c);
    free(t);
}

static void on_stored(void *context, bool stored)
{
    struct ticket *t = context;
    struct conversation *c = t->conversation;

    /* Count first: who hears the answer may ask whether we are full. */
    c->unanswered--;
    if (stored)
        say_text(c, t->id, "{\"ok\":true,\"stored\":true}");
    else
        refuse(
            c, t->id, ERR_IO, "the disk refused the message; it is not stored");
    c->unanswered++;
    drop_ticket(t);
}

/* What one operation says of each failure. */
struct words {
    const char *invalid, *too_big;
};

static void answer_start(
    struct ticket *t, enum err e, const struct words *words)
{
    struct conversation *c = t->conversation;
    const char *said = "the agent cannot store now; try again";

    if (e == ERR_OK)
        return; /* on_stored answers */
    if (e == ERR_INVALID)
        said = words->invalid;
    else if (e == ERR_TOO_BIG)
        said = words->too_big;
    else if (e == ERR_IO)
        said = "the disk refused the message; it is not stored";
    refuse(c, t->id, e, said);
    drop_ticket(t);
}

static void do_report(
    struct conversation *c, const struct json *request, const char *id)
{
    static const struct words words = {
        "\"state\" wants at most 5 levels and no null in an array",
        "\"state\" is more than a shadow's 8 KB hold"};
    const struct json *settings = json_get(request, "state");
    struct ticket *t;

    if (!json_is_object(settings)) {
        refuse(c, id, ERR_INVALID,
            "report wants \"state\", an object: {\"op\":\"report\","
            "\"state\":{\"temp\":21.5}}");
        return;
    }
    t = new_ticket(c, id);
    if (t == NULL)
        say_object(c, id, NULL, ERR_NO_MEMORY);
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
    const char *stream = json_text(json_get(request, "stream"));
    const struct json *data = json_get(request, "data");
    struct ticket *t;

    if (stream == NULL || data == NULL) {
        refuse(c, id, ERR_INVALID,
            "emit wants \"stream\", text, and \"data\", anything: "
            "{\"op\":\"emit\",\"stream\":\"door\",\"data\":true}");
        return;
    }
    t = new_ticket(c, id);
    if (t == NULL)
        say_object(c, id, NULL, ERR_NO_MEMORY);
    else
        answer_start(t,
            telemetry_emit(c->sources.telemetry, stream, data, on_stored, t),
            &words);
}

static void on_desired(
    void *context, const struct json *settings, int64_t version)
{
    enum err e = ERR_OK;
    struct json *event = new_event("desired", &e);

    put(event, "state", json_clone(settings), &e);
    put_number(event, "version", (double)version, &e);
    say_object(context, "", event, e);
}

static void do_watch(
    struct conversation *c, const struct json *request, const char *id)
{
    enum err e = ERR_OK;

    (void)request;
    if (!c->watching)
        e = shadow_watch(c->sources.shadow, on_desired, c);
    if (e != ERR_OK) {
        refuse(c, id, e, "nothing more can be watched now; try again");
        return;
    }
    c->watching = true;
    say_text(c, id, "{\"ok\":true}");
    conversation_tell_online(c, session_status(c->sources.session).online);
}

static void do_status(
    struct conversation *c, const struct json *request, const char *id)
{
    struct session_status s = session_status(c->sources.session);
    enum err e = ERR_OK;
    struct json *body = new_success(&e);

    (void)request;
    put_text(body, "thing", c->sources.nameplate->thing, &e);
    put(body, "online", json_new_bool(s.online), &e);
    if (!s.online) {
        put_text(body, "why", s.why, &e);
        put_text(body, "detail", s.detail, &e);
        put_number(
            body, "next_try_s", (double)((s.next_try_ms + 999) / 1000), &e);
    }
    put_number(body, "since", (double)s.since_ms, &e);
    put_number(body, "queued", (double)s.queued, &e);
    put_number(body, "dropped", (double)s.dropped, &e);
    put_number(body, "bytes_in", (double)s.bytes_in, &e);
    put_number(body, "bytes_out", (double)s.bytes_out, &e);
    put_number(body, "connections", (double)s.connections, &e);
    put_text(body, "agent", NAMEPLATE_VERSION, &e);
    say_object(c, id, body, e);
}

static void do_identity(
    struct conversation *c, const struct json *request, const char *id)
{
    const struct nameplate *n = c->sources.nameplate;
    enum err e = ERR_OK;
    struct json *body = new_success(&e);

    (void)request;
    put_text(body, "vendor", n->vendor, &e);
    put_text(body, "model", n->model, &e);
    put_text(body, "serial", n->serial, &e);
    put_text(body, "thing", n->thing, &e);
    put_text(body, "issuer", n->issuer, &e);
    put_text(body, "fingerprint", n->fingerprint, &e);
    put_text(body, "certificate_id", n->certificate_id, &e);
    put_number(body, "not_before", (double)n->not_before_s, &e);
    put_number(body, "not_after", (double)n->not_after_s, &e);
    say_object(c, id, body, e);
}

static const struct {
    const char *name;
    void (*run)(
        struct conversation *c, const struct json *request, const char *id);
} operations[] = {
    {"report",   do_report  },
    {"emit",     do_emit    },
    {"watch",    do_watch   },
    {"status",   do_status  },
    {"identity", do_identity},
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
            "unknown op; expected report, emit, watch, status or identity");
    refuse(c, id, ERR_UNSUPPORTED, words);
}

static void run(
    struct conversation *c, const struct json *request, const char *id)
{
    const char *op = json_text(json_get(request, "op"));

    if (op == NULL) {
        refuse(c, id, ERR_INVALID,
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
    char id[ID_MAX], words[200];
    enum err e = json_parse_or_say(line, len, limits, &fault, &request);

    if (e == ERR_NO_MEMORY) {
        say_object(c, "", NULL, e);
    } else if (e != ERR_OK) {
        (void)snprintf(words, sizeof(words),
            "not a line of JSON: %s, at byte %zu of %zu", fault.what, fault.at,
            len);
        refuse(c, "", ERR_INVALID, words);
    } else if (print_id(request, id, sizeof(id)) == NULL) {
        refuse(c, "", ERR_INVALID,
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
    refuse(c, "", ERR_TOO_BIG, words);
}
