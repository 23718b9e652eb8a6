/* request_certificate.c - what a privileged client asks about certificates. */

#include <string.h>

#include "cloud-mock/lib/request_work.h"
#include "identity/pem.h"

/* --- states --------------------------------------------------------------- */

/* One certificate is no longer good for its thing. */
static enum err end(struct request_work *work, const char *id,
    const char *status, const char *thing)
{
    const struct request_services *services = work->services;
    int64_t reason = 0;

    (void)json_whole(json_get(work->request, "reason"), 0, 10, &reason);
    presence_revoke(services->presence, thing, id);
    claims_revoke(services->claims, id, services->presence);
    if (services->enrolment == NULL || strcmp(status, "REVOKED") != 0)
        return ERR_OK;
    return enrolment_revoked(services->enrolment, id, reason);
}

static enum err set_status(
    struct request_work *work, const char *id, const char *status)
{
    char thing[TOPIC_THING_SIZE];
    enum err e =
        registry_set_status(work->services->registry, id, status, thing);

    if (e == ERR_NOT_FOUND)
        return request_fail(work, e, "there is no such certificate");
    if (e == ERR_INVALID)
        return request_fail(work, e,
            "\"status\" is wrong; expected ACTIVE, INACTIVE or REVOKED");
    if (e == ERR_CONFLICT)
        return request_fail(work, e,
            "an operational certificate that was revoked stays revoked: it is"
            " on its CA's list");
    if (e == ERR_OK && strcmp(status, "ACTIVE") != 0)
        e = end(work, id, status, thing);
    return e;
}

/* All certificates of a thing; their number is bounded by what fits a list. */
#define THING_CERTIFICATES 64

struct all {
    char id[THING_CERTIFICATES][STORE_ID_SIZE];
    size_t count;
};

static enum err collect(
    void *context, const struct store_certificate *certificate)
{
    struct all *all = context;

    if (all->count == THING_CERTIFICATES)
        return ERR_TOO_BIG;
    if (strcmp(certificate->status, "ACTIVE") == 0)
        memcpy(all->id[all->count++], certificate->id, STORE_ID_SIZE);
    return ERR_OK;
}

/* Every ACTIVE certificate of a thing. */
static enum err set_all(
    struct request_work *work, const char *thing, const char *status)
{
    struct all all = {.count = 0};
    enum err e =
        store_each_certificate(work->services->store, thing, collect, &all);

    if (e == ERR_OK && all.count == 0)
        return request_fail(
            work, ERR_NOT_FOUND, "the thing has no ACTIVE certificate");
    for (size_t i = 0; i < all.count && e == ERR_OK; i++)
        e = set_status(work, all.id[i], status);
    return e;
}

enum err request_set_status(struct request_work *work)
{
    const char *thing = json_text(json_get(work->request, "thing"));
    const char *id = NULL, *status;
    enum err e =
        thing == NULL ? request_want_text(work, "certificateId", &id) : ERR_OK;

    if (e == ERR_OK)
        e = request_want_text(work, "status", &status);
    if (e == ERR_OK)
        e = thing != NULL ? set_all(work, thing, status)
                          : set_status(work, id, status);
    return e == ERR_OK ? request_say_ok(work) : e;
}

/* --- issuing -------------------------------------------------------------- */

/* Who asks: by a certificate that TLS verified, or as a user that cloudd knows.
 */
static enum err find_requester(struct request_work *work,
    struct enrolment_order *order, struct registry_person *person)
{
    const char *pem = json_text(json_get(work->request, "requester"));
    struct bytes der = {NULL, 0};
    struct registry_proof proof;
    const char *why;
    enum err e;

    if (pem == NULL)
        return request_want_text(work, "user", &order->requester);
    e = pem_next(PEM_CERTIFICATE, &pem, &der);
    if (e != ERR_OK)
        return request_fail(
            work, ERR_INVALID, "\"requester\" is no certificate in PEM");
    proof = (struct registry_proof){der.at, der.len};
    e = registry_prove(work->services->registry, &proof, person, &why);
    bytes_free(&der);
    if (e != ERR_OK)
        return request_fail(work, e, why);
    order->thing = &person->thing;
    order->requester = person->certificate;
    return ERR_OK;
}

static enum err set_text(
    struct request_work *work, const char *key, const char *text)
{
    return json_set(work->answer, key, json_new_string(text));
}

static enum err answer_issued(struct request_work *work,
    const struct enrolment_result *result, bool check_only)
{
    enum err e = set_text(work, "thingName", result->thing);

    if (e == ERR_OK && !check_only)
        e = set_text(work, "certificateId", result->id);
    if (e == ERR_OK && !check_only)
        e = set_text(work, "certificatePem", result->pem);
    return e;
}

enum err request_issue(struct request_work *work)
{
    struct enrolment_order order = {.method = "est",
        .only = json_text(json_get(work->request, "thing")),
        .check_only = json_is_true(json_get(work->request, "check")),
        .whole = json_is_true(json_get(work->request, "renewal"))};
    struct enrolment_result result;
    struct registry_person person;
    const char *why = "it failed; see the broker's log";
    enum err e;

    if (work->services->enrolment == NULL)
        return request_fail(work, ERR_UNSUPPORTED,
            "this broker has no operational CA; start it with --operational");
    e = request_want_text(work, "csr", &order.csr);
    if (e == ERR_OK)
        e = find_requester(work, &order, &person);
    if (e != ERR_OK)
        return e;
    e = enrolment_issue(work->services->enrolment, &order, &result, &why);
    if (e != ERR_OK)
        return request_fail(work, e, why);
    return answer_issued(work, &result, order.check_only);
}
