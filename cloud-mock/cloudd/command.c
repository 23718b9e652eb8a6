/* command.c - a list of what waits.  An execution id is PREFIX and 120 random
 * bits, so that an answer is to this very question, and must come from its
 * device. */

#include "cloudd/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/path.h"
#include "cloudd/secret.h"
#include "core/log.h"

#define PREFIX      "u-"
#define ID_SIZE     33
#define ANSWER_MOST (128 * 1024)

struct command {
    struct commands *commands;
    struct command *next;
    struct loop_timer *timer;
    command_callback *callback;
    void *context;
    char id[ID_SIZE];
    char thing[PATH_PART_SIZE];
};

struct commands {
    struct loop *loop;
    struct broker *broker;
    struct command *first;
    unsigned count;
};

struct commands *commands_new(struct loop *loop, struct broker *broker)
{
    struct commands *c = calloc(1, sizeof(*c));

    if (c == NULL)
        return NULL;
    c->loop = loop;
    c->broker = broker;
    return c;
}

static void forget(struct command *c)
{
    struct command **link = &c->commands->first;

    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    c->commands->count--;
    loop_timer_cancel(c->timer);
    free(c);
}

static void finish(struct command *c, const struct command_answer *answer)
{
    command_callback *callback = c->callback;
    void *context = c->context;

    forget(c);
    callback(context, answer);
}

void commands_lost(struct commands *commands)
{
    while (commands->first != NULL)
        finish(commands->first, &(struct command_answer){.e = ERR_AGAIN});
}

void commands_free(struct commands *commands)
{
    if (commands == NULL)
        return;
    commands_lost(commands);
    free(commands);
}

static void on_timeout(void *context)
{
    struct command *c = context;

    c->timer = NULL;
    log_info("command", "no answer: thing=%s", c->thing);
    finish(c, &(struct command_answer){.e = ERR_AGAIN});
}

static struct command *add(struct commands *commands, const char *thing,
    command_callback *callback, void *context)
{
    struct command *c = calloc(1, sizeof(*c));
    char token[SECRET_SIZE];

    if (c == NULL)
        return NULL;
    c->timer = secret_new(token) == ERR_OK
        ? loop_timer_start(commands->loop, COMMAND_TIMEOUT_MS, on_timeout, c)
        : NULL;
    if (c->timer == NULL) {
        free(c);
        return NULL;
    }
    (void)snprintf(c->id, sizeof(c->id), PREFIX "%.30s", token);
    (void)snprintf(c->thing, sizeof(c->thing), "%s", thing);
    c->commands = commands;
    c->callback = callback;
    c->context = context;
    c->next = commands->first;
    commands->first = c;
    commands->count++;
    return c;
}

static enum err publish(
    struct commands *commands, const struct command *c, struct json *request)
{
    char topic[PATH_PART_SIZE + 100];
    char *text = json_print(request);
    enum err e = ERR_NO_MEMORY;

    (void)snprintf(topic, sizeof(topic),
        "$aws/commands/things/%s/executions/%s/request/json", c->thing, c->id);
    if (text != NULL)
        e = broker_publish(commands->broker, topic, text, strlen(text));
    free(text);
    return e;
}

enum err command_send(struct commands *commands, const char *thing,
    struct json *request, command_callback *callback, void *context)
{
    struct command *c = NULL;
    enum err e = request == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK && commands->count >= COMMAND_MOST)
        e = ERR_TOO_BIG;
    if (e == ERR_OK) {
        c = add(commands, thing, callback, context);
        e = c == NULL ? ERR_NO_MEMORY : publish(commands, c, request);
    }
    json_free(request);
    if (e != ERR_OK && c != NULL)
        forget(c);
    return e;
}

/* "result":{"answer":{"s":"<JSON as text>"}}; NULL: none, or not JSON. */
static struct json *unwrap(const struct json *answer)
{
    const struct json *result = json_get(answer, "result");
    const char *text = json_text(json_get(json_get(result, "answer"), "s"));
    struct json *out = NULL;

    if (text == NULL ||
        json_parse(text, strlen(text), (struct json_limits){ANSWER_MOST, 20},
            &out) != ERR_OK)
        return NULL;
    return out;
}

static struct command *find(
    const struct commands *commands, const char *thing, const char *id)
{
    struct command *c = commands->first;

    while (
        c != NULL && (!secret_equal(c->id, id) || strcmp(c->thing, thing) != 0))
        c = c->next;
    return c;
}

bool commands_answered(struct commands *commands, const char *thing,
    const char *id, const struct json *answer)
{
    struct command *c = find(commands, thing, id);
    const char *status = json_text(json_get(answer, "status"));
    const struct json *reason = json_get(answer, "statusReason");
    struct command_answer a = {.e = ERR_DENIED};
    struct json *said;

    if (strncmp(id, PREFIX, strlen(PREFIX)) != 0)
        return false;
    if (c == NULL || status == NULL || strcmp(status, "IN_PROGRESS") == 0)
        return true;
    said = unwrap(answer);
    a.answer = said;
    if (strcmp(status, "SUCCEEDED") == 0)
        a.e = ERR_OK;
    else {
        a.code = json_text(json_get(reason, "reasonCode"));
        a.words = json_text(json_get(reason, "reasonDescription"));
    }
    finish(c, &a);
    json_free(said);
    return true;
}
