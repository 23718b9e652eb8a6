/* relay.c */

#include "cloudd/relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/answer.h"
#include "cloudd/fields.h"
#include "cloudd/intake.h"
#include "cloudd/store_history.h"
#include "ports/port.h"

/* A request whose answer is the device's. */
struct pending {
    struct app *app;
    struct http_request *request;
    char thing[PATH_PART_SIZE];
    char user[STORE_USER_SIZE];
    char told[160]; /* for the history, "" is not told */
};

struct json *relay_body(const struct command_answer *answer, unsigned *status)
{
    struct json *o;

    if (answer->e == ERR_OK) {
        *status = 200;
        return answer->answer != NULL ? json_clone(answer->answer)
                                      : json_new_object();
    }
    o = json_new_object();
    if (answer->e != ERR_DENIED) {
        *status = 504;
        return fields_end(o,
            fields_text(o, "error", "no_answer") &&
                fields_text(o, "message",
                    "The device did not answer in time. Is it connected? Try "
                    "again."));
    }
    *status = 409;
    return fields_end(o,
        fields_text(
            o, "error", answer->code != NULL ? answer->code : "refused") &&
            fields_text(o, "message",
                answer->words != NULL ? answer->words
                                      : "The device refused this.") &&
            fields_copy(o, "answer", answer->answer));
}

static void on_answer(void *context, const struct command_answer *answer)
{
    struct pending *p = context;
    unsigned status;
    struct json *body = relay_body(answer, &status);

    if (answer->e == ERR_OK && p->told[0] != '\0')
        intake_record(p->app,
            &(struct store_event){.thing = p->thing,
                .ts_ms = port_wall_ms(),
                .kind = "command",
                .who = p->user,
                .text = p->told});
    answer_with(p->request, status, body);
    free(p);
}

static bool is_online(struct things_request *q)
{
    const struct device *device =
        devices_find(q->app->devices, q->parts.part[0]);

    if (device != NULL && device_status(device)->connected)
        return true;
    answer_error(q->request, device == NULL ? 404 : 409,
        device == NULL ? "not_found" : "offline",
        device == NULL ? "No device of this name has ever connected."
                       : "The device is not connected. Try again when it is.");
    return false;
}

/* Takes `request`; `told`: the history's words, or "". */
static void send(
    struct things_request *q, struct json *request, const char *told)
{
    struct pending *p = calloc(1, sizeof(*p));
    enum err e = ERR_NO_MEMORY;

    if (p == NULL) {
        json_free(request);
        answer_failure(q->request, e);
        return;
    }
    p->app = q->app;
    p->request = q->request;
    (void)snprintf(p->thing, sizeof(p->thing), "%s", q->parts.part[0]);
    (void)snprintf(p->user, sizeof(p->user), "%s", q->login.user);
    (void)snprintf(p->told, sizeof(p->told), "%s", told);
    e = command_send(q->app->commands, p->thing, request, on_answer, p);
    if (e == ERR_OK)
        return;
    free(p);
    if (e == ERR_TOO_BIG)
        answer_error(q->request, 503, "busy",
            "Too much is asked of devices at once. Try again.");
    else
        answer_failure(q->request, e);
}

/* What a channel's steps may hold; nothing else reaches the device. */
static struct json *channel_request(const struct json *body)
{
    static const char *const members[] = {
        "step", "key", "share", "nonce", "signature", "channel", "box"};
    const char *step = json_text(json_get(body, "step"));
    struct json *o;
    bool ok;

    if (step == NULL || (strcmp(step, "open") != 0 && strcmp(step, "box") != 0))
        return NULL;
    o = json_new_object();
    ok = fields_text(o, "action", "channel");
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        ok = ok && fields_copy(o, members[i], json_get(body, members[i]));
    return fields_end(o, ok);
}

void relay_channel(struct things_request *q)
{
    struct json *body, *request;

    if (!is_online(q))
        return;
    body = answer_read(q->request, "{\"step\":\"open|box\",...}");
    if (body == NULL)
        return;
    request = channel_request(body);
    if (request == NULL)
        answer_error(q->request, 400, "invalid",
            "Expected {\"step\":\"open|box\",...}.");
    else
        send(q, request, "");
    json_free(body);
}

static void send_action(
    struct things_request *q, const char *action, const char *told)
{
    struct json *o;

    if (!is_online(q))
        return;
    o = json_new_object();
    send(q, fields_end(o, fields_text(o, "action", action)), told);
}

void relay_identify(struct things_request *q)
{
    send_action(q, "identify", "asked it to show which one it is");
}

void relay_restart(struct things_request *q)
{
    send_action(q, "restart", "restarted it");
}

void relay_invoke(struct things_request *q)
{
    struct json *body, *o;
    const char *name;
    char told[160];

    if (!is_online(q))
        return;
    body = answer_read(q->request, "{\"action\":\"...\",\"input\":...}");
    if (body == NULL)
        return;
    name = json_text(json_get(body, "action"));
    if (name == NULL || name[0] == '\0' || strlen(name) > 64)
        answer_error(q->request, 400, "invalid",
            "Expected an action's name of 1 to 64 bytes.");
    else {
        o = json_new_object();
        (void)snprintf(told, sizeof(told), "asked for %s", name);
        send(q,
            fields_end(o,
                fields_text(o, "action", "invoke") &&
                    fields_text(o, "name", name) &&
                    fields_copy(o, "input", json_get(body, "input"))),
            told);
    }
    json_free(body);
}
