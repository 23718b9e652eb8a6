/* commands.c - pending executions, and answers that are remembered in a ring,
 * oldest first. */

#include "cloud/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define MODULE      "commands"
#define TOPIC_BYTES 257 /* AWS: 256, and a NUL */
#define TAIL        "/request/json"
#define WORDS_BYTES 1025

struct command {
    struct commands *commands;
    char id[COMMANDS_ID + 1];
};

struct memory {
    char id[COMMANDS_ID + 1];
    char *text;
    size_t len;
    bool unsent;
};

struct action {
    const char *name;
    commands_handler *handler;
    void *context;
};

struct commands {
    struct session *session;
    char prefix[TOPIC_BYTES]; /* "$aws/commands/things/<t>/executions/" */
    struct action actions[COMMANDS_ACTIONS];
    size_t action_count;
    struct command *pending[COMMANDS_PENDING];
    size_t pending_count;
    struct memory memories[COMMANDS_REMEMBERED];
    size_t memory_count, memory_bytes;
};

/* --- answers ---------------------------------------------------------------
 */

static void send_memory(struct commands *c, struct memory *m)
{
    char topic[TOPIC_BYTES + COMMANDS_ID + 20];

    (void)snprintf(
        topic, sizeof(topic), "%s%s/response/json", c->prefix, m->id);
    m->unsent = session_publish(c->session, topic, m->text, m->len) != ERR_OK;
}

static void forget_oldest(struct commands *c)
{
    c->memory_bytes -= c->memories[0].len;
    free(c->memories[0].text);
    c->memory_count--;
    memmove(
        c->memories, c->memories + 1, c->memory_count * sizeof(c->memories[0]));
}

/* Takes `text`. */
static void remember(struct commands *c, const char *id, char *text)
{
    struct memory *m;
    size_t len = strlen(text);

    while (c->memory_count > 0 &&
        (c->memory_count == COMMANDS_REMEMBERED ||
            c->memory_bytes + len > COMMANDS_MEMORY))
        forget_oldest(c);
    m = &c->memories[c->memory_count++];
    *m = (struct memory){.text = text, .len = len};
    (void)snprintf(m->id, sizeof(m->id), "%s", id);
    c->memory_bytes += len;
    send_memory(c, m);
}

static struct memory *recall(struct commands *c, const char *id)
{
    for (size_t i = 0; i < c->memory_count; i++)
        if (strcmp(c->memories[i].id, id) == 0)
            return &c->memories[i];
    return NULL;
}

static const char *status_name(enum commands_status status)
{
    switch (status) {
    case COMMANDS_SUCCEEDED:
        return "SUCCEEDED";
    case COMMANDS_FAILED:
        return "FAILED";
    case COMMANDS_REJECTED:
        break;
    }
    return "REJECTED";
}

static enum err add_reason(
    struct json *root, const struct commands_answer *answer)
{
    struct json *reason;
    char words[WORDS_BYTES];
    enum err e;

    if (answer->code == NULL)
        return ERR_OK;
    reason = json_new_object();
    if (reason == NULL)
        return ERR_NO_MEMORY;
    e = json_set(reason, "reasonCode", json_new_string(answer->code));
    if (e == ERR_OK && answer->words != NULL) {
        (void)snprintf(words, sizeof(words), "%s", answer->words);
        e = json_set(reason, "reasonDescription", json_new_string(words));
    }
    if (e == ERR_OK)
        return json_set(root, "statusReason", reason);
    json_free(reason);
    return e;
}

/* {"answer":{"s":"<JSON as text>"}}; NULL: no memory. */
static struct json *wrap_text(const char *text)
{
    struct json *result = json_new_object(), *value = json_new_object();

    if (result == NULL || value == NULL ||
        json_set(value, "s", json_new_string(text)) != ERR_OK) {
        json_free(value);
        json_free(result);
        return NULL;
    }
    if (json_set(result, "answer", value) == ERR_OK)
        return result;
    json_free(result);
    return NULL;
}

static enum err add_result(struct json *root, const struct json *answer)
{
    char *text;
    enum err e;

    if (answer == NULL)
        return ERR_OK;
    text = json_print(answer);
    if (text == NULL)
        return ERR_NO_MEMORY;
    e = json_set(root, "result", wrap_text(text));
    free(text);
    return e;
}

static char *print_answer(const struct commands_answer *answer)
{
    struct json *root = json_new_object();
    char *text = NULL;

    if (root != NULL &&
        json_set(root, "status",
            json_new_string(status_name(answer->status))) == ERR_OK &&
        add_reason(root, answer) == ERR_OK &&
        add_result(root, answer->answer) == ERR_OK)
        text = json_print(root);
    json_free(root);
    return text;
}

static void answer_id(
    struct commands *c, const char *id, const struct commands_answer *answer)
{
    char *text = print_answer(answer);

    json_free(answer->answer);
    log_debug(MODULE, "answered id=%s status=%s code=%s", id,
        status_name(answer->status), answer->code == NULL ? "" : answer->code);
    if (text != NULL)
        remember(c, id, text);
    else
        log_error(MODULE, "out of memory: an answer is missing id=%s", id);
}

void commands_reply(
    struct command *command, const struct commands_answer *answer)
{
    struct commands *c = command->commands;

    for (size_t i = 0; i < c->pending_count; i++)
        if (c->pending[i] == command) {
            c->pending[i] = c->pending[--c->pending_count];
            break;
        }
    answer_id(c, command->id, answer);
    free(command);
}

/* --- requests --------------------------------------------------------------
 */

static void reject(
    struct commands *c, const char *id, const char *code, const char *words)
{
    const struct commands_answer answer = {
        COMMANDS_REJECTED, code, words, NULL};

    answer_id(c, id, &answer);
}

/* NULL: out of memory, or too many; it was answered. */
static struct command *begin(struct commands *c, const char *id)
{
    struct command *command = NULL;

    if (c->pending_count < COMMANDS_PENDING)
        command = calloc(1, sizeof(*command));
    if (command == NULL) {
        reject(c, id, "BUSY", "too much at once; try again");
        return NULL;
    }
    command->commands = c;
    (void)snprintf(command->id, sizeof(command->id), "%s", id);
    c->pending[c->pending_count++] = command;
    return command;
}

static void dispatch(
    struct commands *c, const char *id, const struct json *request)
{
    const char *name = json_text(json_get(request, "action"));
    struct command *command;

    if (name == NULL) {
        reject(c, id, "INVALID",
            "a request is an object with \"action\", text: "
            "{\"action\":\"identify\"}");
        return;
    }
    for (size_t i = 0; i < c->action_count; i++) {
        if (strcmp(c->actions[i].name, name) != 0)
            continue;
        command = begin(c, id);
        if (command != NULL)
            c->actions[i].handler(c->actions[i].context, command, request);
        return;
    }
    reject(c, id, "UNKNOWN_ACTION", "this device does not know the action");
}

/* The execution id of ".../<id>/request/json"; false when it is none. */
static bool read_id(
    const struct commands *c, const char *topic, char id[COMMANDS_ID + 1])
{
    size_t prefix_len = strlen(c->prefix), len;

    if (strncmp(topic, c->prefix, prefix_len) != 0)
        return false;
    topic += prefix_len;
    len = strcspn(topic, "/");
    if (len == 0 || len > COMMANDS_ID || strcmp(topic + len, TAIL) != 0)
        return false;
    memcpy(id, topic, len);
    id[len] = '\0';
    return true;
}

static bool is_pending(const struct commands *c, const char *id)
{
    for (size_t i = 0; i < c->pending_count; i++)
        if (strcmp(c->pending[i]->id, id) == 0)
            return true;
    return false;
}

static void on_message(void *context, const struct session_message *in)
{
    static const struct json_limits limits = {COMMANDS_BYTES, COMMANDS_DEPTH};
    struct commands *c = context;
    struct memory *known;
    struct json *request = NULL;
    char id[COMMANDS_ID + 1];
    enum err e;

    /* A retained request would be carried out at every connection. */
    if (in->retained || !read_id(c, in->topic, id) || is_pending(c, id))
        return;
    known = recall(c, id);
    if (known != NULL) {
        send_memory(c, known);
        return;
    }
    e = json_parse(in->payload, in->len, limits, &request);
    if (e == ERR_OK)
        dispatch(c, id, request);
    else if (e == ERR_NO_MEMORY)
        reject(c, id, "BUSY", "the device is out of memory; try again");
    else
        reject(c, id, "INVALID",
            e == ERR_TOO_BIG ? "the request is too large or too deep"
                             : "the request is not JSON");
    json_free(request);
}

static void on_state(void *context, bool online, bool session_present)
{
    struct commands *c = context;

    (void)session_present;
    for (size_t i = 0; online && i < c->memory_count; i++)
        if (c->memories[i].unsent)
            send_memory(c, &c->memories[i]);
}

/* --- life ------------------------------------------------------------------
 */

enum err commands_add(struct commands *c, const char *action,
    commands_handler *handler, void *context)
{
    for (size_t i = 0; i < c->action_count; i++)
        if (strcmp(c->actions[i].name, action) == 0)
            return ERR_EXISTS;
    if (c->action_count == COMMANDS_ACTIONS)
        return ERR_TOO_BIG;
    c->actions[c->action_count++] = (struct action){action, handler, context};
    return ERR_OK;
}

static enum err subscribe(struct commands *c)
{
    char filter[TOPIC_BYTES];
    enum err e;

    if (snprintf(filter, sizeof(filter), "%s+" TAIL, c->prefix) >=
        (int)sizeof(filter) - COMMANDS_ID)
        return ERR_TOO_BIG;
    e = session_subscribe(c->session, filter, on_message, c);
    return e == ERR_OK ? session_on_state(c->session, on_state, c) : e;
}

enum err commands_new(
    struct session *session, const char *thing, struct commands **out)
{
    struct commands *c = calloc(1, sizeof(*c));
    enum err e = ERR_NO_MEMORY;

    if (c == NULL)
        return e;
    c->session = session;
    e = ERR_TOO_BIG;
    if (snprintf(c->prefix, sizeof(c->prefix),
            "$aws/commands/things/%s/executions/",
            thing) < (int)sizeof(c->prefix))
        e = subscribe(c);
    if (e != ERR_OK) {
        free(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void commands_free(struct commands *c)
{
    if (c == NULL)
        return;
    while (c->pending_count > 0)
        free(c->pending[--c->pending_count]);
    while (c->memory_count > 0)
        forget_oldest(c);
    free(c);
}
