/* enrolment.c */

#include "cloudd/enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/crl.h"
#include "cloudd/alerts.h"
#include "cloudd/fields.h"
#include "cloudd/fleet.h"
#include "cloudd/intake.h"
#include "cloudd/path.h"
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

/* --- what was replaced ---------------------------------------------------- */

static bool is_operational(const struct json *certificate)
{
    const char *kind = json_text(json_get(certificate, "kind"));
    const char *status = json_text(json_get(certificate, "status"));

    return kind != NULL && strcmp(kind, "operational") == 0 && status != NULL &&
        strcmp(status, "ACTIVE") == 0;
}

struct replaced {
    struct app *app;
    char thing[PATH_PART_SIZE];
};

static void on_revoked(void *context, enum err e, const struct json *answer)
{
    struct replaced *r = context;

    (void)answer;
    if (e == ERR_OK) {
        record(r->app, r->thing, "certificate", NULL,
            "the certificate that was replaced is revoked");
        fleet_ask_thing(r->app, r->thing);
    } else {
        log_warning("enrolment", "an old certificate is not revoked thing=%s",
            r->thing);
    }
    free(r);
}

static void revoke(struct app *app, const char *thing, const char *id)
{
    struct replaced *r = calloc(1, sizeof(*r));
    struct json *o = json_new_object();

    o = fields_end(o,
        r != NULL && fields_text(o, "op", "set-certificate-status") &&
            fields_text(o, "certificateId", id) &&
            fields_text(o, "status", "REVOKED") &&
            fields_number(o, "reason", CRL_SUPERSEDED));
    if (r != NULL) {
        r->app = app;
        (void)snprintf(r->thing, sizeof(r->thing), "%s", thing);
    }
    if (cloud_ask(app->cloud, o, on_revoked, r) != ERR_OK)
        free(r);
}

/* A device that has changed over to a new certificate says which one it used
 * before.  Believed only about its own operational ones, and never about the
 * one it uses: its factory certificate is its way back. */
static void revoke_replaced(
    struct app *app, const struct device *device, const struct json *words)
{
    const char *state = json_text(json_get(words, "state"));
    const char *old = json_text(json_get(words, "old_certificate_id"));
    const char *now = json_text(json_get(words, "certificate_id"));

    if (state != NULL && strcmp(state, "enrolled") == 0 && old != NULL &&
        now != NULL && strcmp(old, now) != 0 &&
        is_operational(device_find_certificate(device, old)) &&
        is_operational(device_find_certificate(device, now)))
        revoke(app, device_thing(device), old);
}

void enrolment_told(struct app *app, struct device *device,
    const struct json *words, bool retained)
{
    const struct json *before = device_enrolment(device);
    struct json *data = json_new_object();
    bool is_new = !same_text(before, words, "state") ||
        !same_text(before, words, "last_error");

    if (!fits(words)) {
        log_debug("enrolment", "not kept thing=%s", device_thing(device));
        json_free(data);
        return;
    }
    if (is_new && !retained)
        record_words(app, device_thing(device), words);
    revoke_replaced(app, device, words);
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
    alerts_raise(app, &(struct alert){thing, "alarm", text});
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
