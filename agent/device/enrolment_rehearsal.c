/* enrolment_rehearsal.c */

#include "device/enrolment_rehearsal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/connection.h"
#include "core/json.h"
#include "device/enrolment_names.h"

#define WORDS        700
#define ANSWER_MS    10000
#define KEEP_ALIVE_S 60
#define BAD_REQUEST  400

/* No request and no token: nothing comes of them. */
#define NO_REQUEST "{\"certificateSigningRequest\":\"dry run\"}"
#define NO_TOKEN                                                               \
    "{\"certificateOwnershipToken\":\"dry run\","                              \
    "\"parameters\":{\"SerialNumber\":\"dry run\"}}"

static const struct json_limits limits = {131072, 8};

/* In the order they are lived. */
enum state { CONNECT, SUBSCRIBE, CREATE_CERTIFICATE, PROVISION_THING };

static const char *const steps[] = {
    "connect", "subscribe", "create-from-csr", "provision"};

struct enrolment_rehearsal {
    struct enrolment_rehearsal_options options;
    struct enrolment_rehearsal_events events;
    enum state state;
    struct connection *connection;
    struct loop_timer *timer; /* an answer is due */
    struct enrolment_names names;
};

/* --- telling ------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void tell(
    struct enrolment_rehearsal *r, const char *name, bool good,
    const char *format, ...)
{
    char words[WORDS];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    r->events.step(
        r->events.context, &(struct enrolment_step){name, good, words});
}

static void end(struct enrolment_rehearsal *r, bool good)
{
    struct enrolment_rehearsal_events events = r->events;

    connection_free(r->connection);
    loop_timer_cancel(r->timer);
    free(r);
    events.ended(events.context, good);
}

static void fail(struct enrolment_rehearsal *r, const char *what)
{
    tell(r, steps[r->state], false, "%s", what);
    end(r, false);
}

static void fail_by_policy(struct enrolment_rehearsal *r, const char *what)
{
    char words[WORDS];

    enrolment_names_advise(r->options.template, what, words, sizeof(words));
    fail(r, words);
}

/* --- asking -------------------------------------------------------------- */

static void on_silence(void *context)
{
    struct enrolment_rehearsal *r = context;

    r->timer = NULL;
    fail_by_policy(r,
        r->state == PROVISION_THING
            ? "no answer came: is the template's name right?"
            : "no answer came");
}

static void publish(
    struct enrolment_rehearsal *r, enum state state, const char *payload)
{
    const struct mqtt_message message = {.topic = state == CREATE_CERTIFICATE
            ? FLEET_CREATE
            : r->names.provision,
        .payload = payload,
        .len = strlen(payload)};
    struct mqtt *mqtt = connection_mqtt(r->connection);

    r->state = state;
    if (mqtt == NULL || mqtt_publish(mqtt, 1, &message) != ERR_OK) {
        fail(r, "the request could not be sent");
        return;
    }
    r->timer = loop_timer_start(r->options.loop, ANSWER_MS, on_silence, r);
}

/* --- answers ------------------------------------------------------------- */

static void go_on(struct enrolment_rehearsal *r)
{
    if (r->state == CREATE_CERTIFICATE) {
        publish(r, PROVISION_THING, NO_TOKEN);
        return;
    }
    tell(r, "not checked", true,
        "whether a request of this device is taken, and which thing the "
        "template makes: that would make a certificate");
    end(r, true);
}

static void take(
    struct enrolment_rehearsal *r, bool accepted, const struct json *answer)
{
    const char *code = json_text(json_get(answer, "errorCode"));
    const char *words = json_text(json_get(answer, "errorMessage"));
    bool good =
        !accepted && json_number(json_get(answer, "statusCode")) == BAD_REQUEST;

    loop_timer_cancel(r->timer);
    r->timer = NULL;
    if (code == NULL)
        code = accepted ? "accepted" : "no code";
    if (words == NULL)
        words = "no words";
    if (good)
        tell(r, steps[r->state], true,
            "it answers, and refuses as it should what is no %s (%.60s: "
            "%.200s)",
            r->state == CREATE_CERTIFICATE ? "request" : "token", code, words);
    else
        tell(r, steps[r->state], false,
            "expected status 400 for what is no %s, but it says %.60s: %.300s",
            r->state == CREATE_CERTIFICATE ? "request" : "token", code, words);
    if (good)
        go_on(r);
    else
        end(r, false);
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct enrolment_rehearsal *r = context;
    size_t first = r->state == CREATE_CERTIFICATE ? FLEET_CREATED : FLEET_DONE;
    bool accepted = strcmp(message->topic, r->names.filters[first]) == 0;
    struct json *answer = NULL;

    if (r->timer == NULL ||
        (!accepted && strcmp(message->topic, r->names.filters[first + 1]) != 0))
        return;
    if (json_parse(message->payload, message->len, limits, &answer) != ERR_OK) {
        fail(r, "its answer is no JSON");
        return;
    }
    take(r, accepted, answer);
    json_free(answer);
}

/* --- the connection ------------------------------------------------------ */

static void end_just_in_time(struct enrolment_rehearsal *r)
{
    tell(r, "not checked", true,
        "whether the thing's own name is let in, and what the provisioning "
        "template makes: the agent's first connections show it, under another "
        "client id it would take the agent's place");
    end(r, true);
}

static void on_connected(void *context, bool session_present)
{
    struct enrolment_rehearsal *r = context;
    char *const filters[] = {r->names.filters[0], r->names.filters[1],
        r->names.filters[2], r->names.filters[3]};

    (void)session_present;
    if (r->options.template == NULL) {
        tell(r, "connect", true,
            "the broker takes the factory certificate, also with the client "
            "id %s: its policy should let in the thing's name alone",
            r->names.client);
        end_just_in_time(r);
        return;
    }
    tell(r, "connect", true, "connected with the claim certificate as %s",
        r->names.client);
    r->state = SUBSCRIBE;
    connection_subscribe(r->connection, filters, 4);
}

static void on_subscribed(void *context)
{
    struct enrolment_rehearsal *r = context;

    tell(r, "subscribe", true, "the four topics of the answers");
    publish(r, CREATE_CERTIFICATE, NO_REQUEST);
}

static void on_published(void *context, uint64_t token, bool accepted)
{
    struct enrolment_rehearsal *r = context;

    (void)token;
    if (!accepted)
        fail_by_policy(r, "the broker refuses the request");
}

/* TLS stood: both sides believe each other.  Then an end is what the cloud does
 * while it registers a certificate, or the client id's. */
static void end_after_tls(
    struct enrolment_rehearsal *r, const struct verdict *verdict)
{
    tell(r, "tls", true, "both sides believe each other");
    tell(r, "connect", true,
        "the broker lets %s not in (%.120s): so it is for another client id "
        "than the thing's, and while it registers the certificate",
        r->names.client, verdict->detail);
    end_just_in_time(r);
}

static void on_ended(void *context, const struct verdict *verdict)
{
    struct enrolment_rehearsal *r = context;
    bool is_believed = connection_is_up(r->connection) &&
        (strcmp(verdict->why, "policy") == 0 ||
            strcmp(verdict->why, "mqtt") == 0 || verdict->hung_up);

    if (r->options.template == NULL && is_believed)
        end_after_tls(r, verdict);
    else if (r->options.template != NULL &&
        enrolment_names_is_policy(verdict->why, r->state > CONNECT))
        fail_by_policy(r,
            strcmp(verdict->why, "policy") == 0
                ? "the broker does not authorise the claim"
                : "the broker hung up on the claim, or answered nothing");
    else
        fail(r, verdict->detail);
}

/* --- the public face ----------------------------------------------------- */

enum err enrolment_rehearsal_start(
    const struct enrolment_rehearsal_options *options,
    const struct enrolment_rehearsal_events *events,
    struct enrolment_rehearsal **out)
{
    struct enrolment_rehearsal *r = calloc(1, sizeof(*r));
    struct connection_options connection = {
        .loop = options->loop, .room = options->room, .link = options->link};
    const struct connection_events ours = {
        on_connected, on_subscribed, on_published, on_message, on_ended, r};
    enum err e;

    if (r == NULL)
        return ERR_NO_MEMORY;
    r->options = *options;
    r->events = *events;
    e = options->template != NULL
        ? enrolment_names_make(options->template, &r->names)
        : enrolment_names_client("dry-run-", r->names.client);
    connection.mqtt = (struct mqtt_options){.client_id = r->names.client,
        .version_5 = true,
        .keep_alive_s = KEEP_ALIVE_S,
        .puback_ms = ANSWER_MS};
    if (e == ERR_OK)
        e = connection_start(&connection, &ours, &r->connection);
    if (e != ERR_OK) {
        free(r);
        return e;
    }
    *out = r;
    return ERR_OK;
}
