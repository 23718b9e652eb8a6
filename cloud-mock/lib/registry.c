/* registry.c - a known certificate is recognised by its hash alone; everything
 * else is asked only once, when it is registered. */

#include "cloud-mock/lib/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/alarm.h"
#include "cloud-mock/lib/certificate.h"
#include "cloud-mock/lib/description.h"
#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/store_issuance.h"
#include "core/log.h"
#include "identity/thing_name.h"

#define ACTIVE  "ACTIVE"
#define PENDING "PENDING_ACTIVATION"
#define ACCOUNT "000000000000"

struct registry {
    struct registry_options options;
    struct store *store;
    struct sender *sender;
    struct certificate_pool *pool;
};

enum err registry_open(const struct registry_options *options,
    struct store *store, struct sender *sender, struct registry **out)
{
    struct registry *registry = malloc(sizeof(*registry));
    enum err e;

    if (registry == NULL)
        return ERR_NO_MEMORY;
    *registry = (struct registry){*options, store, sender, NULL};
    e = certificate_pool_open(
        options->authorities, options->authority_count, &registry->pool);
    if (e != ERR_OK)
        free(registry);
    else
        *out = registry;
    return e;
}

void registry_close(struct registry *registry)
{
    if (registry == NULL)
        return;
    certificate_pool_free(registry->pool);
    free(registry);
}

enum err registry_reload(struct registry *registry)
{
    struct certificate_pool *pool;
    enum err e = certificate_pool_open(registry->options.authorities,
        registry->options.authority_count, &pool);

    if (e != ERR_OK)
        return e;
    certificate_pool_free(registry->pool);
    registry->pool = pool;
    return ERR_OK;
}

static enum registry_answer refuse(const char *client, const char *why)
{
    log_warning("registry", "refused client=%s why=\"%s\"", client, why);
    return REGISTRY_REFUSED;
}

/* The id is the client's own word: told only if it could be a thing's. */
static void tell_elsewhere(struct registry *registry,
    const struct store_certificate *known, const char *client)
{
    char text[256];

    if (known->thing[0] == '\0') /* nobody's yet */
        return;
    snprintf(text, sizeof(text),
        "its certificate came from a client that calls itself %s",
        topic_is_thing_name(client) ? client : "something else");
    alarm_raise(
        registry->store, registry->sender, known->thing, ALARM_ELSEWHERE, text);
}

static enum registry_answer admit_known(struct registry *registry,
    const struct store_certificate *known, const char *client)
{
    if (strcmp(known->thing, client) != 0) {
        tell_elsewhere(registry, known, client);
        return refuse(client, "the client id is not the certificate's thing");
    }
    if (strcmp(known->status, ACTIVE) != 0)
        return refuse(client, known->status);
    return REGISTRY_WELCOME;
}

/* The name must follow from the nameplate, or two devices could share it. */
static const char *judge_name(
    const struct certificate *certificate, const char *client)
{
    const struct thing_name_parts parts = {
        certificate->vendor, certificate->model, certificate->serial};
    char name[THING_NAME_SIZE];

    if (thing_name_make(&parts, name) != ERR_OK ||
        strcmp(name, certificate->common_name) != 0)
        return "the CN is not the name that O, OU and serialNumber make";
    if (strcmp(certificate->common_name, client) != 0)
        return "the client id is not the certificate's CN";
    return NULL;
}

static void fill_thing(const struct certificate *certificate, int64_t now_ms,
    struct store_thing *thing)
{
    *thing = (struct store_thing){.registered_ms = now_ms};
    snprintf(thing->name, sizeof(thing->name), "%s", certificate->common_name);
    snprintf(thing->type, sizeof(thing->type), "%.*s",
        (int)(strrchr(thing->name, ':') - thing->name), thing->name);
    memcpy(thing->vendor, certificate->vendor, sizeof(thing->vendor));
    memcpy(thing->model, certificate->model, sizeof(thing->model));
    memcpy(thing->serial, certificate->serial, sizeof(thing->serial));
}

static void fill_certificate(const struct certificate *from, int64_t now_ms,
    struct store_certificate *to)
{
    *to = (struct store_certificate){
        .status = ACTIVE,
        .not_before_s = from->not_before_s,
        .not_after_s = from->not_after_s,
        .registered_ms = now_ms,
        .last_seen_ms = now_ms,
    };
    memcpy(to->id, from->id, sizeof(to->id));
    memcpy(to->thing, from->common_name, sizeof(to->thing));
    memcpy(to->subject, from->subject, sizeof(to->subject));
    memcpy(to->issuer, from->issuer, sizeof(to->issuer));
    memcpy(to->key_sha256, from->key_sha256, sizeof(to->key_sha256));
    memcpy(to->chain, from->chain, sizeof(to->chain));
}

/* Upper and lower case share a name: a thing keeps the nameplate it was first
 * registered with. */
static const char *judge_owner(
    struct store *store, const struct store_thing *thing)
{
    struct store_thing known;

    switch (store_get_thing(store, thing->name, &known)) {
    case ERR_OK:
        break;
    case ERR_NOT_FOUND:
        return NULL;
    case ERR_NO_MEMORY:
    case ERR_INVALID:
    case ERR_TOO_BIG:
    case ERR_EXISTS:
    case ERR_CONFLICT:
    case ERR_AGAIN:
    case ERR_DENIED:
    case ERR_UNSUPPORTED:
    case ERR_IO:
        return "the store failed";
    }
    if (strcmp(known.vendor, thing->vendor) != 0 ||
        strcmp(known.model, thing->model) != 0 ||
        strcmp(known.serial, thing->serial) != 0)
        return "the thing belongs to a device of another nameplate";
    return NULL;
}

/* The shape of contract section 4.2. */
static struct json *registered_event(
    const struct certificate *certificate, int64_t now_ms)
{
    struct json *body = json_new_object();

    if (body != NULL &&
        json_set(body, "certificateId", json_new_string(certificate->id)) ==
            ERR_OK &&
        json_set(body, "caCertificateId",
            json_new_string(certificate->authority_id)) == ERR_OK &&
        json_set(body, "timestamp", json_new_number((double)now_ms)) ==
            ERR_OK &&
        json_set(body, "certificateStatus",
            json_new_string("PENDING_ACTIVATION")) == ERR_OK &&
        json_set(body, "awsAccountId", json_new_string(ACCOUNT)) == ERR_OK &&
        json_set(body, "certificateRegistrationTimestamp",
            json_new_number((double)now_ms)) == ERR_OK)
        return body;
    json_free(body);
    return NULL;
}

static void tell_registered(struct registry *registry,
    const struct certificate *certificate, const struct store_thing *thing)
{
    char topic[LIMITS_TOPIC_BYTES + 1];

    snprintf(topic, sizeof(topic), "$aws/events/certificates/registered/%s",
        certificate->authority_id);
    sender_publish(registry->sender, topic,
        registered_event(certificate, thing->registered_ms));
    registry_tell(registry, thing->name);
}

/* Register it for this name: NULL, or why not. */
static const char *enrol(struct registry *registry,
    const struct certificate *certificate, const char *client)
{
    int64_t now_ms = sender_now_ms(registry->sender);
    struct store_certificate row;
    struct store_thing thing;
    const char *fault = judge_name(certificate, client);

    if (fault == NULL) {
        fill_thing(certificate, now_ms, &thing);
        fault = judge_owner(registry->store, &thing);
    }
    if (fault != NULL)
        return fault;
    fill_certificate(certificate, now_ms, &row);
    if (registry->options.pending)
        snprintf(row.status, sizeof(row.status), "%s", PENDING);
    if (store_register(registry->store, &thing, &row) != ERR_OK)
        return "the store failed";
    log_info(
        "registry", "registered thing=%s certificate=%s", thing.name, row.id);
    tell_registered(registry, certificate, &thing);
    alarm_look_at_key(registry->store, registry->sender, &row, false);
    return NULL;
}

static const char *read_fault(enum err e)
{
    if (e == ERR_DENIED)
        return "no registered CA of its vendor has signed the certificate";
    return e == ERR_INVALID
        ? "the subject has not exactly one O, OU, CN and serialNumber"
        : "the certificate could not be read";
}

enum registry_answer registry_admit(struct registry *registry,
    const struct registry_visitor *visitor, char id[STORE_ID_SIZE])
{
    struct store_certificate known;
    struct certificate certificate;
    const char *fault;
    enum err e = certificate_id(visitor->der, visitor->len, id);

    if (e == ERR_OK)
        e = store_get_certificate(registry->store, id, &known);
    if (e == ERR_OK)
        return admit_known(registry, &known, visitor->client);
    if (e != ERR_NOT_FOUND)
        return refuse(visitor->client, "the store failed");
    e = certificate_read(
        registry->pool, visitor->der, visitor->len, &certificate);
    fault = e != ERR_OK ? read_fault(e)
                        : enrol(registry, &certificate, visitor->client);
    if (fault != NULL)
        return refuse(visitor->client, fault);
    return registry->options.drop_first || registry->options.pending
        ? REGISTRY_COME_AGAIN
        : REGISTRY_WELCOME;
}

/* The owner of a certificate that is registered; NULL, or why not. */
static const char *prove_known(struct registry *registry,
    const struct store_certificate *known, struct store_thing *thing)
{
    if (strcmp(known->status, ACTIVE) != 0)
        return "the certificate is not ACTIVE in the registry: it was revoked"
               " or switched off";
    return store_get_thing(registry->store, known->thing, thing) == ERR_OK
        ? NULL
        : "the certificate belongs to no thing";
}

enum err registry_prove(struct registry *registry,
    const struct registry_proof *proof, struct registry_person *out,
    const char **why)
{
    struct registry_person person;
    struct store_certificate known;
    struct certificate certificate;
    const char *fault = NULL;
    enum err e = certificate_id(proof->der, proof->len, person.certificate);

    if (e == ERR_OK)
        e = store_get_certificate(registry->store, person.certificate, &known);
    if (e == ERR_NOT_FOUND) {
        e = certificate_read(
            registry->pool, proof->der, proof->len, &certificate);
        fault = e != ERR_OK
            ? read_fault(e)
            : enrol(registry, &certificate, certificate.common_name);
        if (fault == NULL)
            e = store_get_certificate(
                registry->store, person.certificate, &known);
    }
    if (fault == NULL)
        fault = e != ERR_OK ? "the store failed"
                            : prove_known(registry, &known, &person.thing);
    if (fault != NULL) {
        *why = fault;
        return ERR_DENIED;
    }
    if (store_saw_certificate(registry->store, person.certificate,
            sender_now_ms(registry->sender)) != ERR_OK)
        log_warning("registry", "not stored: a certificate was used");
    *out = person;
    return ERR_OK;
}

const char *registry_judge_thing(
    struct registry *registry, const struct store_thing *thing)
{
    return judge_owner(registry->store, thing);
}

void registry_tell(struct registry *registry, const char *name)
{
    struct json *description = NULL;
    struct store_thing thing;

    if (store_get_thing(registry->store, name, &thing) == ERR_OK &&
        description_of_thing(registry->store, &thing, &description) == ERR_OK)
        sender_publish(
            registry->sender, "$nameplate/cloud/registered", description);
}

/* On its CA's list there is no way back. */
static bool is_final(struct registry *registry, const char *id)
{
    struct store_issuance issuance;

    return store_get_issuance(registry->store, id, &issuance) == ERR_OK &&
        issuance.revoked_ms > 0;
}

enum err registry_set_status(struct registry *registry, const char *id,
    const char *status, char thing[TOPIC_THING_SIZE])
{
    static const char *const statuses[] = {"ACTIVE", "INACTIVE", "REVOKED"};
    struct store_certificate known;
    enum err e = ERR_INVALID;

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (strcmp(status, statuses[i]) == 0)
            e = ERR_OK;
    if (e == ERR_OK)
        e = store_get_certificate(registry->store, id, &known);
    if (e == ERR_OK && is_final(registry, id))
        e = ERR_CONFLICT;
    if (e == ERR_OK)
        e = store_set_status(registry->store, id, status);
    if (e == ERR_OK)
        memcpy(thing, known.thing, sizeof(known.thing));
    return e;
}
