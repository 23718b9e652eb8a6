/* enrolment.c */

#include "cloudd/enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"
#include "cloudd/fleet.h"
#include "cloudd/intake.h"
#include "cloudd/secret.h"
#include "core/log.h"
#include "ports/port.h"

#define WORDS_MOST 4096 /* bytes, printed */
#define TEXT_SIZE  200

static bool same_text(
    const struct json *a, const struct json *b, const char *key)
{
    const char *x = json_text(json_get(a, key));
    const char *y = json_text(json_get(b, key));

    return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
}

/* What somebody else wrote, without cutting a character in two. */
static const char *short_text(const struct json *words, const char *key)
{
    const char *text = json_text(json_get(words, key));

    return text != NULL && strlen(text) > TEXT_SIZE - 60 ? "(too long to show)"
                                                         : text;
}

static void record(struct app *app, const char *thing, const char *kind,
    const char *who, const char *text)
{
    intake_record(app,
        &(struct store_event){.thing = thing,
            .ts_ms = port_wall_ms(),
            .kind = kind,
            .who = who,
            .text = text});
}

static void record_words(
    struct app *app, const char *thing, const struct json *words)
{
    const char *state = short_text(words, "state");
    const char *error = short_text(words, "last_error");
    char text[TEXT_SIZE];

    if (state == NULL)
        return;
    (void)snprintf(text, sizeof(text), "enrolment: %s%s%s", state,
        error != NULL ? ": " : "", error != NULL ? error : "");
    record(app, thing, "certificate", NULL,
        strlen(text) < sizeof(text) - 1 ? text : "enrolment: (too long)");
}

static bool fits(const struct json *words)
{
    char *text = json_is_object(words) ? json_print(words) : NULL;
    bool fits = text != NULL && strlen(text) <= WORDS_MOST;

    free(text);
    return fits;
}

void enrolment_told(struct app *app, struct device *device,
    const struct json *words, bool retained, int64_t now_ms)
{
    const struct json *before = device_enrolment(device);
    struct json *data = json_new_object();
    bool is_new = !same_text(before, words, "state") ||
        !same_text(before, words, "last_error");

    (void)now_ms;
    if (!fits(words)) {
        log_debug("enrolment", "not kept thing=%s", device_thing(device));
        json_free(data);
        return;
    }
    if (is_new && !retained)
        record_words(app, device_thing(device), words);
    devices_set_enrolment(device, json_clone(words));
    events_send(app->events, "enrolment",
        fields_end(data,
            fields_text(data, "thingName", device_thing(device)) &&
                fields_copy(data, "enrolment", words)));
}

void enrolment_alarm(struct app *app, const struct json *alarm, int64_t now_ms)
{
    const char *thing = json_text(json_get(alarm, "thingName"));
    const char *text = json_text(json_get(alarm, "text"));

    if (thing == NULL || text == NULL)
        return;
    intake_record(app,
        &(struct store_event){.thing = thing,
            .ts_ms = now_ms,
            .kind = "alarm",
            .text = text,
            .detail = json_get(alarm, "kind")});
    fleet_ask_thing(app, thing);
}

/* --- the command ---------------------------------------------------------- */

enum err enrolment_rotate(struct app *app, const struct device *device,
    const char *user, char execution[ENROLMENT_EXECUTION_SIZE])
{
    static const char command[] = "{\"action\":\"rotate\"}";
    char secret[SECRET_SIZE], topic[256];
    enum err e = secret_new(secret);

    if (e != ERR_OK)
        return e;
    (void)snprintf(execution, ENROLMENT_EXECUTION_SIZE, "%.32s", secret);
    (void)snprintf(topic, sizeof(topic),
        "$aws/commands/things/%s/executions/%s/request/json",
        device_thing(device), execution);
    e = broker_publish(app->broker, topic, command, sizeof(command) - 1);
    if (e == ERR_OK)
        record(app, device_thing(device), "certificate", user,
            "asked the device for a new certificate");
    return e;
}

/* Tell the device that its answer came (contract section 7). */
static void accept(struct app *app, const char *thing, const char *execution)
{
    char topic[600], body[400];

    (void)snprintf(topic, sizeof(topic),
        "$aws/commands/things/%s/executions/%s/response/accepted/json", thing,
        execution);
    (void)snprintf(body, sizeof(body), "{\"executionId\":\"%s\"}", execution);
    if (broker_publish(app->broker, topic, body, strlen(body)) != ERR_OK)
        log_debug("enrolment", "an answer was not acknowledged");
}

void enrolment_answered(struct app *app, const char *thing,
    const char *execution, const struct json *answer)
{
    const char *status = short_text(answer, "status");
    const char *why =
        short_text(json_get(answer, "statusReason"), "reasonDescription");
    char text[TEXT_SIZE];

    if (status == NULL || strlen(status) > 20)
        return;
    (void)snprintf(text, sizeof(text), "the device answered: %s%s%s", status,
        why != NULL ? ": " : "", why != NULL ? why : "");
    record(app, thing, "certificate", NULL, text);
    accept(app, thing, execution);
}
