/* provisioning.c - three requests, one shape of answer. */

#include "cloud-mock/lib/provisioning.h"

#include <stdio.h>
#include <string.h>

#include "cloud-mock/lib/certificate.h"
#include "cloud-mock/lib/cloud.h"
#include "cloud-mock/lib/issuer.h"
#include "core/json.h"
#include "core/log.h"

#define CREATE_FROM_CSR "$aws/certificates/create-from-csr/json"
#define CREATE          "$aws/certificates/create/json"
#define PROVISION       "$aws/provisioning-templates/%s/provision/json"
#define TOKEN_BYTES     32
#define METHOD          "fleet"

/* What is said when it goes wrong; the names are AWS's where it has some. */
struct fault {
    int status;
    const char *code;
    const char *message;
};

struct work {
    const struct provisioning *services;
    const struct provisioning_requester *requester;
    const struct json *request;
    struct json *answer;
    struct fault fault;
};

static enum err fail(
    struct work *work, int status, const char *code, const char *message)
{
    work->fault = (struct fault){status, code, message};
    return ERR_DENIED;
}

static enum err internal(struct work *work)
{
    return fail(work, 500, "InternalError", "It failed; see the broker's log.");
}

static enum err set_text(struct work *work, const char *key, const char *text)
{
    return json_set(work->answer, key, json_new_string(text)) == ERR_OK
        ? ERR_OK
        : internal(work);
}

/* --- create-from-csr ------------------------------------------------------ */

/* What the enrolment refused. */
static enum err refused(struct work *work, enum err e, const char *why)
{
    if (e == ERR_INVALID)
        return fail(work, 400, "InvalidCSR", why);
    return e == ERR_DENIED ? fail(work, 403, "AccessDenied", why)
                           : internal(work);
}

struct known {
    struct store *store;
    bool by_factory;
};

static enum err look(void *context, const struct store_certificate *certificate)
{
    struct known *known = context;
    struct store_issuance issuance;

    if (store_get_issuance(known->store, certificate->id, &issuance) ==
        ERR_NOT_FOUND)
        known->by_factory = true;
    return ERR_OK;
}

/* May a claim have a certificate for this thing? */
static enum err judge_claim(struct work *work, const char *name)
{
    const struct provisioning *services = work->services;
    struct known known = {services->store, false};
    struct store_thing thing;
    enum err e = store_get_thing(services->store, name, &thing);

    if (e == ERR_NOT_FOUND || services->take_over)
        return ERR_OK;
    if (e == ERR_OK)
        e = store_each_certificate(services->store, name, look, &known);
    if (e != ERR_OK)
        return internal(work);
    return known.by_factory
        ? fail(work, 403, "AccessDenied",
              "This thing proves itself with a factory certificate; a claim"
              " cannot speak for it.")
        : ERR_OK;
}

static enum err make_token(struct work *work, char token[2 * TOKEN_BYTES + 1],
    char hash[STORE_ID_SIZE])
{
    unsigned char bytes[TOKEN_BYTES];

    if (sender_random(work->services->sender, bytes, sizeof(bytes)) != ERR_OK)
        return internal(work);
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    return certificate_id(token, strlen(token), hash) == ERR_OK
        ? ERR_OK
        : internal(work);
}

/* Judge first, so that nothing is issued that may not be. */
static enum err judge(struct work *work, struct enrolment_order order)
{
    const struct claim *claim = work->requester->claim;
    struct enrolment_result result;
    const char *why = "";
    enum err e;

    order.check_only = true;
    if (claim != NULL)
        order.vendor = claim->vendor;
    e = enrolment_issue(work->services->enrolment, &order, &result, &why);
    if (e != ERR_OK)
        return refused(work, e, why);
    return claim != NULL ? judge_claim(work, result.thing) : ERR_OK;
}

static enum err issue(struct work *work, struct enrolment_order order)
{
    char token[2 * TOKEN_BYTES + 1], hash[STORE_ID_SIZE];
    struct enrolment_result result;
    const char *why = "";
    enum err e = make_token(work, token, hash);

    if (e != ERR_OK)
        return e;
    order.token = hash;
    order.token_until_ms =
        sender_now_ms(work->services->sender) + PROVISIONING_TOKEN_MS;
    e = enrolment_issue(work->services->enrolment, &order, &result, &why);
    if (e != ERR_OK)
        return refused(work, e, why);
    e = set_text(work, "certificateOwnershipToken", token);
    if (e == ERR_OK)
        e = set_text(work, "certificateId", result.id);
    return e == ERR_OK ? set_text(work, "certificatePem", result.pem) : e;
}

static enum err create_from_csr(struct work *work)
{
    struct enrolment_order order = {
        .csr = json_text(json_get(work->request, "certificateSigningRequest")),
        .thing = work->requester->thing,
        .method = METHOD,
        .requester = work->requester->certificate,
    };
    enum err e;

    if (order.csr == NULL)
        return fail(work, 400, "InvalidParameters",
            "certificateSigningRequest is missing; expected a request in PEM");
    e = judge(work, order);
    return e == ERR_OK ? issue(work, order) : e;
}

static enum err create(struct work *work)
{
    return fail(work, 403, "AccessDenied",
        "This cloud makes no keys: the key must be made on the device. Use"
        " create-from-csr.");
}

/* --- provision ------------------------------------------------------------ */

static enum err bad_token(struct work *work)
{
    return fail(work, 400, "InvalidCertificateOwnershipToken",
        "The ownership token is unknown, used, expired, or another's.");
}

/* The certificate whose token this is. */
static enum err find(struct work *work, struct store_issuance *out)
{
    const char *token =
        json_text(json_get(work->request, "certificateOwnershipToken"));
    char hash[STORE_ID_SIZE];
    enum err e;

    if (token == NULL)
        return fail(work, 400, "InvalidParameters",
            "certificateOwnershipToken is missing");
    if (certificate_id(token, strlen(token), hash) != ERR_OK)
        return internal(work);
    e = store_get_token(work->services->store, hash, out);
    if (e == ERR_NOT_FOUND)
        return bad_token(work);
    if (e != ERR_OK)
        return internal(work);
    if (out->token_until_ms <= sender_now_ms(work->services->sender) ||
        strcmp(out->requester, work->requester->certificate) != 0)
        return bad_token(work);
    return ERR_OK;
}

/* The template's only parameter. */
static enum err judge_parameters(
    struct work *work, const struct store_thing *thing)
{
    const char *serial = json_text(
        json_get(json_get(work->request, "parameters"), "SerialNumber"));

    if (serial == NULL)
        return fail(work, 400, "InvalidParameters",
            "parameters.SerialNumber is missing");
    return strcmp(serial, thing->serial) == 0
        ? ERR_OK
        : fail(work, 400, "InvalidParameters",
              "parameters.SerialNumber is not that of the certificate");
}

static enum err answer_provisioned(
    struct work *work, const struct store_thing *thing)
{
    struct json *configuration = json_new_object();

    if (configuration == NULL ||
        json_set(configuration, "thingTypeName",
            json_new_string(thing->type)) != ERR_OK) {
        json_free(configuration);
        return internal(work);
    }
    if (json_set(work->answer, "deviceConfiguration", configuration) != ERR_OK)
        return internal(work);
    return set_text(work, "thingName", thing->name);
}

static enum err provision(struct work *work)
{
    struct store_certificate certificate;
    struct store_issuance issuance;
    struct store_thing thing;
    enum err e = find(work, &issuance);

    if (e != ERR_OK)
        return e;
    if (enrolment_owner(work->services->enrolment, &issuance, &thing) != ERR_OK)
        return internal(work);
    e = judge_parameters(work, &thing);
    if (e != ERR_OK)
        return e;
    if (store_activate(work->services->store, issuance.id, &thing) != ERR_OK ||
        store_get_certificate(
            work->services->store, issuance.id, &certificate) != ERR_OK)
        return internal(work);
    log_info("provisioning", "registered thing=%s certificate=%s", thing.name,
        issuance.id);
    enrolment_active(work->services->enrolment, &certificate);
    return answer_provisioned(work, &thing);
}

/* --- the door ------------------------------------------------------------- */

static const struct {
    const char *pattern;
    enum err (*perform)(struct work *work);
} table[] = {
    {CREATE_FROM_CSR, create_from_csr},
    {CREATE,          create         },
    {PROVISION,       provision      },
};

#define TABLE (sizeof(table) / sizeof(table[0]))

static size_t find_topic(const char *topic)
{
    size_t i = 0;

    while (i < TABLE && !topic_matches(topic, table[i].pattern, ""))
        i++;
    return i;
}

bool provisioning_is_topic(const char *topic)
{
    return find_topic(topic) < TABLE;
}

/* What a test put in the way, once. */
static bool is_faulty(struct work *work)
{
    int64_t *code = &sender_faults(work->services->sender)->provisioning_code;
    int64_t status = *code;

    *code = 0;
    if (status == 429)
        (void)fail(work, 429, "Throttling", "Rate exceeded");
    else if (status != 0)
        (void)internal(work);
    return status != 0;
}

static enum err perform(struct work *work, const char *topic)
{
    size_t i = find_topic(topic);

    if (is_faulty(work))
        return ERR_DENIED;
    if (work->services->enrolment == NULL)
        return fail(work, 403, "AccessDenied",
            "This cloud issues no certificates: it has no operational CA.");
    if (table[i].perform != create && !json_is_object(work->request))
        return fail(work, 400, "InvalidParameters", "Expected a JSON object");
    return table[i].perform(work);
}

static struct json *fault_json(const struct fault *fault)
{
    struct json *body = json_new_object();

    if (body != NULL &&
        json_set(body, "statusCode", json_new_number(fault->status)) ==
            ERR_OK &&
        json_set(body, "errorCode", json_new_string(fault->code)) == ERR_OK &&
        json_set(body, "errorMessage", json_new_string(fault->message)) ==
            ERR_OK)
        return body;
    json_free(body);
    return NULL;
}

void provisioning_handle(const struct provisioning *provisioning,
    const struct provisioning_requester *requester,
    const struct cloud_message *message)
{
    const struct json_limits limits = {64 * 1024, 5};
    char topic[LIMITS_TOPIC_BYTES + 12];
    struct json *request = NULL;
    struct work work = {
        provisioning, requester, NULL, json_new_object(), {0, NULL, NULL}
    };
    enum err e;

    if (json_parse(message->payload, message->len, limits, &request) == ERR_OK)
        work.request = request;
    e = work.answer != NULL ? perform(&work, message->topic) : ERR_NO_MEMORY;
    snprintf(topic, sizeof(topic), "%.*s/%s", LIMITS_TOPIC_BYTES,
        message->topic, e == ERR_OK ? "accepted" : "rejected");
    if (e != ERR_OK) {
        json_free(work.answer);
        work.answer = work.fault.code != NULL ? fault_json(&work.fault) : NULL;
        log_warning("provisioning", "rejected client=%s code=%s why=\"%s\"",
            requester->client,
            work.fault.code != NULL ? work.fault.code : "none",
            work.fault.code != NULL ? work.fault.message : "no memory");
    }
    sender_answer(provisioning->sender, requester->client, topic, work.answer);
    json_free(request);
}
