/* commands.c */

#include "device/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define MODULE      "commands"
#define TOPIC_BYTES 257
#define ID_MOST     64
#define REQUEST     "/request/json"

static const struct json_limits limits = {16384, 8};

struct action {
    const char *name;
    commands_action *run;
    void *context;
};

struct commands {
    struct session *session;
    char executions[TOPIC_BYTES]; /* "$aws/commands/things/<t>/executions/" */
    char filter[TOPIC_BYTES];
    struct action actions[COMMANDS_ACTIONS];
    size_t count;
};

/* --- answering ----------------------------------------------------------- */

static const char *status_name(enum commands_status status)
{
    switch (status) {
    case COMMANDS_SUCCEEDED:
        return "SUCCEEDED";
    case COMMANDS_FAILED:
        return "FAILED";
    case COMMANDS_REJECTED:
        return "REJECTED";
    }
    return "FAILED";
}

/* NULL: out of memory. */
static char *print_reply(const struct commands_reply *reply)
{
    struct json *object = json_new_object();
    struct json *reason = NULL;
    char *text = NULL;
    enum err e = object != NULL
        ? json_set(
              object, "status", json_new_string(status_name(reply->status)))
        : ERR_NO_MEMORY;

    if (e == ERR_OK && reply->code != NULL) {
        reason = json_new_object();
        e = reason == NULL
            ? ERR_NO_MEMORY
            : json_set(reason, "reasonCode", json_new_string(reply->code));
        if (e == ERR_OK)
            e = json_set(
                reason, "reasonDescription", json_new_string(reply->words));
        if (e == ERR_OK) {
            e = json_set(object, "statusReason", reason);
            reason = NULL;
        }
    }
    if (e == ERR_OK)
        text = json_print(object);
    json_free(reason);
    json_free(object);
    return text;
}

static void answer(
    struct commands *c, const char *id, const struct commands_reply *reply)
{
    char topic[TOPIC_BYTES + ID_MOST + 20];
    char *text = print_reply(reply);

    (void)snprintf(
        topic, sizeof(topic), "%s%s/response/json", c->executions, id);
    if (text == NULL ||
        session_publish(c->session, topic, text, strlen(text)) != ERR_OK)
        log_warning(MODULE, "an answer was not sent id=%s", id);
    free(text);
}

/* --- asking -------------------------------------------------------------- */

static void run(struct commands *c, const struct json *request,
    struct commands_reply *reply)
{
    const char *name = json_text(json_get(request, "action"));

    *reply = (struct commands_reply){
        .status = COMMANDS_REJECTED, .code = "UNKNOWN_ACTION"};
    for (size_t i = 0; name != NULL && i < c->count; i++)
        if (strcmp(c->actions[i].name, name) == 0) {
            c->actions[i].run(c->actions[i].context, request, reply);
            return;
        }
    (void)snprintf(reply->words, sizeof(reply->words),
        name != NULL ? "this device knows no action '%.60s'"
                     : "a request is {\"action\":\"...\"}",
        name);
}

/* The execution's id out of the topic; false: not one of ours. */
static bool read_id(
    const struct commands *c, const char *topic, char id[ID_MOST + 1])
{
    size_t head = strlen(c->executions), len;

    if (strncmp(topic, c->executions, head) != 0)
        return false;
    topic += head;
    len = strcspn(topic, "/");
    if (len == 0 || len > ID_MOST || strcmp(topic + len, REQUEST) != 0)
        return false;
    (void)snprintf(id, ID_MOST + 1, "%.*s", (int)len, topic);
    return true;
}

static void on_message(void *context, const struct session_message *message)
{
    struct commands *c = context;
    struct commands_reply reply = {.status = COMMANDS_REJECTED,
        .code = "MALFORMED",
        .words = "a request is JSON: {\"action\":\"...\"}"};
    struct json *request = NULL;
    char id[ID_MOST + 1];

    if (!read_id(c, message->topic, id))
        return;
    if (json_parse(message->payload, message->len, limits, &request) == ERR_OK)
        run(c, request, &reply);
    json_free(request);
    log_info(MODULE, "id=%s status=%s code=%s", id, status_name(reply.status),
        reply.code != NULL ? reply.code : "-");
    answer(c, id, &reply);
}

/* --- life ---------------------------------------------------------------- */

enum err commands_new(
    struct session *session, const char *thing, struct commands **out)
{
    struct commands *c = calloc(1, sizeof(*c));
    enum err e = ERR_OK;

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->session = session;
    if (snprintf(c->executions, sizeof(c->executions),
            "$aws/commands/things/%s/executions/",
            thing) >= (int)sizeof(c->executions) ||
        snprintf(c->filter, sizeof(c->filter), "%s+" REQUEST, c->executions) >=
            (int)sizeof(c->filter))
        e = ERR_TOO_BIG;
    if (e == ERR_OK)
        e = session_subscribe(session, c->filter, on_message, c);
    if (e != ERR_OK) {
        free(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void commands_free(struct commands *commands)
{
    free(commands);
}

enum err commands_add(struct commands *c, const char *name,
    commands_action *action, void *context)
{
    if (c->count == COMMANDS_ACTIONS)
        return ERR_TOO_BIG;
    c->actions[c->count++] = (struct action){name, action, context};
    return ERR_OK;
}
