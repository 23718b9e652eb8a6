/* enrolment_fleet.c */

#include "device/enrolment_fleet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/connection.h"
#include "core/json.h"
#include "device/enrolment_names.h"
#include "identity/pem.h"
#include "identity/request.h"

#define WORDS        500
#define ANSWER_MS    30000
#define KEEP_ALIVE_S 60
#define TOKEN_MOST   4096 /* of the ownership token */

static const struct json_limits limits = {131072, 8};

/* In the order they are lived. */
enum state { CONNECT, KEY, CREATE_CERTIFICATE, PROVISION_THING };

struct enrolment_fleet {
    struct enrolment_fleet_options options;
    struct enrolment_attempt_events events;
    enum state state;
    struct connection *connection;
    struct request *request;
    struct loop_timer *timer; /* an answer is due */
    struct enrolment_names names;
    struct key *key;
    struct bytes csr;
    char *token;
    struct issued issued;
    char words[WORDS];
};

/* --- telling ------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void tell(
    struct enrolment_fleet *f, const char *name, bool good, const char *format,
    ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(f->words, sizeof(f->words), format, args);
    va_end(args);
    f->events.step(
        f->events.context, &(struct enrolment_step){name, good, f->words});
}

static void free_all(struct enrolment_fleet *f)
{
    connection_free(f->connection);
    request_cancel(f->request);
    loop_timer_cancel(f->timer);
    key_free(f->key);
    bytes_free(&f->csr);
    bytes_free(&f->issued.pem);
    free(f->token);
    free(f);
}

/* f->words says it. */
static void end(struct enrolment_fleet *f, const char *why)
{
    struct enrolment_attempt_events events = f->events;
    struct enrolment_result result = {
        .why = why, .key = f->key, .issued = f->issued};
    char words[WORDS];

    memcpy(words, f->words, sizeof(words));
    result.words = words;
    if (strcmp(why, ATTEMPT_GOT) != 0)
        bytes_free(&result.issued.pem);
    f->key = NULL;
    f->issued.pem = (struct bytes){NULL, 0};
    free_all(f);
    events.ended(events.context, &result);
    key_free(result.key);
    bytes_free(&result.issued.pem);
}

/* --- asking -------------------------------------------------------------- */

static void tell_policy(
    struct enrolment_fleet *f, const char *name, const char *what)
{
    char words[WORDS];

    enrolment_names_advise(f->options.template, what, words, sizeof(words));
    tell(f, name, false, "%s", words);
}

static void on_silence(void *context)
{
    struct enrolment_fleet *f = context;

    f->timer = NULL;
    if (f->state == CREATE_CERTIFICATE)
        tell_policy(f, "create-from-csr", "no answer came in time");
    else
        tell_policy(f, "provision",
            "no answer came in time: is the template's name right?");
    end(f, "timeout");
}

/* Takes `object`; NULL: no memory. */
static void publish(struct enrolment_fleet *f, enum state state,
    const char *topic, struct json *object)
{
    char *text = object != NULL ? json_print(object) : NULL;
    struct mqtt *mqtt = connection_mqtt(f->connection);
    struct mqtt_message message = {.topic = topic, .payload = text};

    json_free(object);
    f->state = state;
    message.len = text != NULL ? strlen(text) : 0;
    if (text == NULL || mqtt == NULL ||
        mqtt_publish(mqtt, 1, &message) != ERR_OK) {
        free(text);
        tell(f, "connect", false, "the request could not be sent");
        end(f, "local");
        return;
    }
    free(text);
    loop_timer_cancel(f->timer);
    f->timer = loop_timer_start(f->options.loop, ANSWER_MS, on_silence, f);
}

static void ask_for_certificate(struct enrolment_fleet *f)
{
    struct json *object = json_new_object();
    struct bytes pem;

    if (object == NULL ||
        pem_write(PEM_REQUEST, bytes_span(&f->csr), &pem) != ERR_OK) {
        json_free(object);
        object = NULL;
    } else {
        if (json_set(object, "certificateSigningRequest",
                json_new_string((const char *)pem.at)) != ERR_OK) {
            json_free(object);
            object = NULL;
        }
        bytes_free(&pem);
    }
    publish(f, CREATE_CERTIFICATE, FLEET_CREATE, object);
}

static void ask_for_thing(struct enrolment_fleet *f)
{
    struct json *object = json_new_object();
    struct json *parameters = json_new_object();
    enum err e = object == NULL || parameters == NULL ? ERR_NO_MEMORY : ERR_OK;

    if (e == ERR_OK)
        e = json_set(
            object, "certificateOwnershipToken", json_new_string(f->token));
    if (e == ERR_OK)
        e = json_set(parameters, "SerialNumber",
            json_new_string(f->options.who->serial));
    if (e == ERR_OK) {
        e = json_set(object, "parameters", parameters);
        parameters = NULL;
    }
    json_free(parameters);
    if (e != ERR_OK) {
        json_free(object);
        object = NULL;
    }
    publish(f, PROVISION_THING, f->names.provision, object);
}

/* --- answers ------------------------------------------------------------- */

/* The cloud's certificates come alone, and from a CA that we need not know: the
 * connection that brought them has proved itself, and the broker will judge. */
static void check_certificate(struct enrolment_fleet *f, const char *pem)
{
    struct bytes der = {NULL, 0};
    struct certs_only one = {.count = 1};
    struct issued_question q = {
        .answer = &one, .key = f->key, .max_days = f->options.max_days};

    if (pem == NULL || pem_next(PEM_CERTIFICATE, &pem, &der) != ERR_OK) {
        tell(f, "create-from-csr", false, "there is no certificate in it");
        end(f, "garbled");
        return;
    }
    one.certificates[0] = bytes_span(&der);
    q.now_s = timefloor_now(f->options.floor, &q.clock_is_late);
    issued_check(&q, &f->issued);
    bytes_free(&der);
    tell(f, "certificate", f->issued.fault == ISSUED_OK, "%s", f->issued.words);
    if (f->issued.fault != ISSUED_OK)
        end(f, enrolment_attempt_why(f->issued.fault));
    else
        ask_for_thing(f);
}

static void take_certificate(
    struct enrolment_fleet *f, const struct json *answer)
{
    const char *token =
        json_text(json_get(answer, "certificateOwnershipToken"));

    if (token == NULL || strlen(token) > TOKEN_MOST) {
        tell(f, "create-from-csr", false, "there is no ownership token in it");
        end(f, "garbled");
        return;
    }
    f->token = strdup(token);
    tell(f, "create-from-csr", true, "a certificate came back");
    check_certificate(f, json_text(json_get(answer, "certificatePem")));
}

static void take_thing(struct enrolment_fleet *f, const struct json *answer)
{
    const char *thing = json_text(json_get(answer, "thingName"));

    if (thing == NULL || strcmp(thing, f->options.thing) != 0) {
        tell(f, "provision", false,
            "the template makes it the thing \"%.128s\", and this is \"%s\"",
            thing != NULL ? thing : "", f->options.thing);
        end(f, "thing");
        return;
    }
    tell(f, "provision", true, "it is the thing %s", thing);
    end(f, ATTEMPT_GOT);
}

static void take_refusal(
    struct enrolment_fleet *f, const char *step, const struct json *answer)
{
    const char *code = json_text(json_get(answer, "errorCode"));
    const char *words = json_text(json_get(answer, "errorMessage"));
    bool is_throttled = json_number(json_get(answer, "statusCode")) == 429;

    tell(f, step, false, "it is rejected: %.80s: %.300s",
        code != NULL ? code : "(no code)", words != NULL ? words : "");
    end(f, is_throttled ? "later" : "rejected");
}

static void take(
    struct enrolment_fleet *f, bool accepted, const struct json *answer)
{
    bool creates = f->state == CREATE_CERTIFICATE;

    loop_timer_cancel(f->timer);
    f->timer = NULL;
    if (!accepted)
        take_refusal(f, creates ? "create-from-csr" : "provision", answer);
    else if (creates)
        take_certificate(f, answer);
    else
        take_thing(f, answer);
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct enrolment_fleet *f = context;
    size_t first = f->state == CREATE_CERTIFICATE ? FLEET_CREATED : FLEET_DONE;
    struct json *answer = NULL;
    bool accepted = strcmp(message->topic, f->names.filters[first]) == 0;

    if (f->state < CREATE_CERTIFICATE ||
        (!accepted && strcmp(message->topic, f->names.filters[first + 1]) != 0))
        return;
    if (json_parse(message->payload, message->len, limits, &answer) != ERR_OK) {
        tell(
            f, "connect", false, "its answer on %s is no JSON", message->topic);
        end(f, "garbled");
        return;
    }
    take(f, accepted, answer);
    json_free(answer);
}

/* --- the connection and the key ------------------------------------------ */

static void on_connected(void *context, bool session_present)
{
    struct enrolment_fleet *f = context;
    char *const filters[] = {f->names.filters[0], f->names.filters[1],
        f->names.filters[2], f->names.filters[3]};

    (void)session_present;
    connection_subscribe(f->connection, filters, 4);
}

static void on_request(void *context, struct request_end *made)
{
    struct enrolment_fleet *f = context;

    f->request = NULL;
    if (made->e != ERR_OK) {
        tell(f, "key", false, "%s", made->why);
        end(f, "key");
        return;
    }
    f->key = made->key;
    f->csr = made->der;
    made->key = NULL;
    made->der = (struct bytes){NULL, 0};
    tell(f, "key", true, "a new key and a request for it");
    ask_for_certificate(f);
}

static void on_subscribed(void *context)
{
    struct enrolment_fleet *f = context;
    const struct request_options options = {.uri = f->options.key_uri,
        .mark = f->options.mark,
        .mark_text = f->options.mark_text,
        .kind = KEYSTORE_P256,
        .who = f->options.who};

    tell(f, "connect", true, "connected with the claim certificate as %s",
        f->names.client);
    f->state = KEY;
    if (request_start(f->options.loop, &options, on_request, f, &f->request) ==
        ERR_OK)
        return;
    tell(f, "key", false, "no thread, or no memory");
    end(f, "key");
}

static void on_published(void *context, uint64_t token, bool accepted)
{
    struct enrolment_fleet *f = context;

    (void)token;
    if (accepted)
        return;
    tell_policy(f, "connect", "the broker refuses the request");
    end(f, "policy");
}

static void on_ended(void *context, const struct verdict *verdict)
{
    struct enrolment_fleet *f = context;

    if (enrolment_names_is_policy(verdict->why, f->state > CONNECT))
        tell_policy(f, "connect",
            strcmp(verdict->why, "policy") == 0
                ? "the broker does not authorise the claim"
                : "the broker hung up on the claim, or answered nothing");
    else
        tell(f, "connect", false, "%s", verdict->detail);
    end(f, verdict->why);
}

/* --- the public face ----------------------------------------------------- */

enum err enrolment_fleet_start(const struct enrolment_fleet_options *options,
    const struct enrolment_attempt_events *events, struct enrolment_fleet **out)
{
    struct enrolment_fleet *f = calloc(1, sizeof(*f));
    struct connection_options connection = {
        .loop = options->loop, .room = options->room, .link = options->link};
    const struct connection_events ours = {
        on_connected, on_subscribed, on_published, on_message, on_ended, f};
    enum err e;

    if (f == NULL)
        return ERR_NO_MEMORY;
    f->options = *options;
    f->events = *events;
    e = enrolment_names_make(options->template, &f->names);
    connection.mqtt = (struct mqtt_options){.client_id = f->names.client,
        .version_5 = true,
        .keep_alive_s = KEEP_ALIVE_S,
        .puback_ms = ANSWER_MS};
    if (e == ERR_OK)
        e = connection_start(&connection, &ours, &f->connection);
    if (e != ERR_OK) {
        free_all(f);
        return e;
    }
    *out = f;
    return ERR_OK;
}

void enrolment_fleet_cancel(struct enrolment_fleet *f)
{
    if (f != NULL)
        free_all(f);
}
