/* enrolment.c */

#include "cloud-mock/lib/enrolment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/say.h"
#include "cloud-mock/lib/alarm.h"
#include "cloud-mock/lib/certificate.h"
#include "cloud-mock/lib/certificate_request.h"
#include "cloud-mock/lib/issuer.h"
#include "core/log.h"
#include "identity/oid.h"
#include "identity/pem.h"
#include "identity/thing_name.h"

#define LOOK_MS     1000
#define LIST_AGE_MS (24 * 3600 * 1000LL)

struct enrolment {
    struct enrolment_services services;
    struct issuer *issuer;
    int64_t look_ms, list_ms; /* when next: at tokens, at the list's age */
};

static enum err write_list(struct enrolment *enrolment);

enum err enrolment_open(const struct enrolment_options *options,
    const struct enrolment_services *services, struct enrolment **out)
{
    struct enrolment *enrolment = calloc(1, sizeof(*enrolment));
    enum err e;

    if (enrolment == NULL)
        return ERR_NO_MEMORY;
    enrolment->services = *services;
    say_as("cloud");
    e = issuer_open(options->folder,
        options->life_s > 0 ? options->life_s : ISSUER_LIFE_S,
        &enrolment->issuer);
    if (e != ERR_OK) {
        log_error("enrolment",
            "no operational CA in folder=\"%s\" reason=%s; make one with"
            " 'cloudd operational-ca --est-state FOLDER'",
            options->folder, err_name(e));
        free(enrolment);
        return e;
    }
    e = write_list(enrolment);
    if (e != ERR_OK)
        enrolment_close(enrolment);
    else
        *out = enrolment;
    return e;
}

void enrolment_close(struct enrolment *enrolment)
{
    if (enrolment == NULL)
        return;
    issuer_free(enrolment->issuer);
    free(enrolment);
}

static int64_t now_ms(const struct enrolment *enrolment)
{
    return sender_now_ms(enrolment->services.sender);
}

/* --- whose ---------------------------------------------------------------- */

static bool take_text(
    const struct view_name *name, const char *oid, char text[STORE_TEXT_SIZE])
{
    char value[VIEW_TEXT_SIZE];

    view_text(name, oid, value);
    if (value[0] == '\0' || strlen(value) >= STORE_TEXT_SIZE)
        return false;
    memcpy(text, value, strlen(value) + 1);
    return true;
}

/* The nameplate makes the name, or two devices could share one. */
static bool name_thing(struct store_thing *thing)
{
    const struct thing_name_parts parts = {
        thing->vendor, thing->model, thing->serial};
    char type[THING_NAME_SIZE], name[THING_NAME_SIZE];

    if (thing_name_make(&parts, name) != ERR_OK ||
        thing_name_type(&parts, type) != ERR_OK)
        return false;
    memcpy(thing->name, name, sizeof(thing->name));
    memcpy(thing->type, type, sizeof(thing->type));
    return true;
}

/* What is wrong, or NULL and the thing that the subject names. */
static const char *thing_of_subject(const struct enrolment *enrolment,
    const struct view_name *subject, struct store_thing *thing)
{
    char cn[VIEW_TEXT_SIZE];

    *thing = (struct store_thing){.registered_ms = now_ms(enrolment)};
    view_text(subject, OID_COMMON_NAME, cn);
    if (!take_text(subject, OID_ORGANIZATION, thing->vendor) ||
        !take_text(subject, OID_ORGANIZATION_UNIT, thing->model) ||
        !take_text(subject, OID_SERIAL_NUMBER, thing->serial) ||
        !name_thing(thing))
        return "its subject does not say O, OU, CN and serialNumber, and"
               " nothing else does here";
    if (strcmp(thing->name, cn) != 0)
        return "its CN is not the name that O, OU and serialNumber make";
    return registry_judge_thing(enrolment->services.registry, thing);
}

static struct subject subject_of(const struct store_thing *thing)
{
    return (struct subject){
        thing->vendor, thing->model, thing->name, thing->serial};
}

/* ERR_DENIED and *why, or the thing. */
static enum err find_owner(const struct enrolment *enrolment,
    const struct enrolment_order *order,
    const struct certificate_request *request, struct store_thing *thing,
    const char **why)
{
    const char *fault = NULL;
    struct subject owner;

    if (order->thing != NULL)
        *thing = *order->thing;
    else
        fault = thing_of_subject(enrolment, &request->subject, thing);
    if (fault == NULL && order->only != NULL &&
        strcmp(order->only, thing->name) != 0)
        fault = "these credentials are for another thing";
    if (fault == NULL && order->vendor != NULL &&
        strcmp(order->vendor, thing->vendor) != 0)
        fault = "the claim certificate is for another vendor's devices";
    if (fault == NULL) {
        owner = subject_of(thing);
        fault = certificate_request_judge(
            request, &owner, order->whole || order->thing == NULL);
    }
    if (fault == NULL)
        return ERR_OK;
    *why = fault;
    return ERR_DENIED;
}

/* --- issuing -------------------------------------------------------------- */

static void put_hex(struct span bytes, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < bytes.len && 2 * i + 3 <= size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes.at[i]);
}

static void fill_certificate(const struct certificate *from,
    const struct enrolment_order *order, const struct store_thing *thing,
    struct store_certificate *to)
{
    *to = (struct store_certificate){
        .not_before_s = from->not_before_s,
        .not_after_s = from->not_after_s,
    };
    memcpy(to->id, from->id, sizeof(to->id));
    if (order->token == NULL)
        memcpy(to->thing, thing->name, sizeof(to->thing));
    snprintf(to->status, sizeof(to->status), "%s",
        order->token == NULL ? "ACTIVE" : "PENDING_ACTIVATION");
    memcpy(to->subject, from->subject, sizeof(to->subject));
    memcpy(to->issuer, from->issuer, sizeof(to->issuer));
    memcpy(to->key_sha256, from->key_sha256, sizeof(to->key_sha256));
    memcpy(to->chain, from->chain, sizeof(to->chain));
}

static enum err fill_issuance(const struct bytes *der,
    const struct enrolment_order *order, struct store_issuance *to)
{
    struct bytes pem = {NULL, 0};
    struct view view;
    const char *why;
    enum err e = view_read(bytes_span(der), &view, &why);

    if (e == ERR_OK)
        e = pem_write(PEM_CERTIFICATE, bytes_span(der), &pem);
    if (e == ERR_OK && pem.len >= sizeof(to->pem))
        e = ERR_TOO_BIG;
    if (e == ERR_OK) {
        put_hex(view.serial, to->serial, sizeof(to->serial));
        memcpy(to->pem, pem.at, pem.len);
        to->pem[pem.len] = '\0';
        snprintf(to->method, sizeof(to->method), "%s", order->method);
        snprintf(to->requester, sizeof(to->requester), "%s", order->requester);
        snprintf(to->token, sizeof(to->token), "%s",
            order->token == NULL ? "" : order->token);
        to->token_until_ms = order->token_until_ms;
    }
    bytes_free(&pem);
    return e;
}

void enrolment_active(const struct enrolment *enrolment,
    const struct store_certificate *certificate)
{
    const struct enrolment_services *services = &enrolment->services;

    registry_tell(services->registry, certificate->thing);
    alarm_look_at_key(services->store, services->sender, certificate, true);
}

/* Put what was signed into the registry. */
static enum err enter(struct enrolment *enrolment,
    const struct enrolment_order *order, const struct store_thing *thing,
    const struct bytes *der, struct enrolment_result *out)
{
    struct span authority = issuer_certificate(enrolment->issuer);
    struct store_issuance issuance = {.issued_ms = now_ms(enrolment)};
    struct store_certificate row;
    struct certificate certificate;
    enum err e = certificate_read_issued(
        der->at, der->len, authority.at, authority.len, &certificate);

    if (e == ERR_OK)
        e = fill_issuance(der, order, &issuance);
    if (e != ERR_OK)
        return e;
    fill_certificate(&certificate, order, thing, &row);
    row.registered_ms = issuance.issued_ms;
    memcpy(issuance.id, certificate.id, sizeof(issuance.id));
    e = store_issue(enrolment->services.store,
        order->token == NULL ? thing : NULL, &row, &issuance);
    if (e != ERR_OK)
        return e;
    memcpy(out->id, issuance.id, sizeof(out->id));
    memcpy(out->thing, thing->name, sizeof(out->thing));
    memcpy(out->pem, issuance.pem, sizeof(out->pem));
    log_info("enrolment", "issued thing=%s certificate=%s method=%s",
        thing->name, issuance.id, issuance.method);
    if (order->token == NULL)
        enrolment_active(enrolment, &row);
    return ERR_OK;
}

enum err enrolment_issue(struct enrolment *enrolment,
    const struct enrolment_order *order, struct enrolment_result *out,
    const char **why)
{
    struct certificate_request request;
    struct bytes der = {NULL, 0};
    struct store_thing thing;
    struct subject subject;
    enum err e = certificate_request_read(order->csr, &request, why);

    if (e != ERR_OK)
        return e;
    e = find_owner(enrolment, order, &request, &thing, why);
    if (e != ERR_OK)
        goto free_request;
    memcpy(out->thing, thing.name, sizeof(out->thing));
    if (order->check_only)
        goto free_request;
    subject = subject_of(&thing);
    *why = "the operational CA cannot sign now: is the clock right?";
    e = issuer_sign(enrolment->issuer, &subject, request.spki,
        now_ms(enrolment) / 1000, &der);
    if (e != ERR_OK)
        goto free_request;
    *why = "the registry failed; see the broker's log";
    e = enter(enrolment, order, &thing, &der, out);
    bytes_free(&der);

free_request:
    certificate_request_free(&request);
    return e;
}

enum err enrolment_owner(const struct enrolment *enrolment,
    const struct store_issuance *issuance, struct store_thing *out)
{
    const char *text = issuance->pem, *why;
    struct bytes der = {NULL, 0};
    struct view view;
    enum err e = pem_next(PEM_CERTIFICATE, &text, &der);

    if (e == ERR_OK)
        e = view_read(bytes_span(&der), &view, &why);
    if (e == ERR_OK && thing_of_subject(enrolment, &view.subject, out) != NULL)
        e = ERR_CONFLICT;
    bytes_free(&der);
    return e;
}

/* --- the end of a certificate --------------------------------------------- */

struct listing {
    struct crl_entry *entries;
    size_t count, room;
};

static unsigned char half(char c)
{
    return (unsigned char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static enum err append(void *context, const struct store_issuance *issuance)
{
    struct listing *listing = context;
    struct crl_entry *entry;

    if (listing->count == listing->room) {
        size_t room = listing->room * 2 + 16;
        struct crl_entry *grown =
            realloc(listing->entries, room * sizeof(*grown));

        if (grown == NULL)
            return ERR_NO_MEMORY;
        listing->entries = grown;
        listing->room = room;
    }
    entry = &listing->entries[listing->count++];
    *entry = (struct crl_entry){.serial_len = strlen(issuance->serial) / 2,
        .date = issuance->revoked_ms / 1000,
        .reason = (enum crl_reason)issuance->reason};
    for (size_t i = 0; i < entry->serial_len; i++)
        entry->serial[i] = (unsigned char)(half(issuance->serial[2 * i]) << 4 |
            half(issuance->serial[2 * i + 1]));
    return ERR_OK;
}

static enum err write_list(struct enrolment *enrolment)
{
    struct listing listing = {NULL, 0, 0};
    enum err e =
        store_each_revoked(enrolment->services.store, append, &listing);

    if (e == ERR_OK)
        e = issuer_write_list(enrolment->issuer, listing.entries, listing.count,
            now_ms(enrolment));
    enrolment->list_ms = now_ms(enrolment) + LIST_AGE_MS;
    free(listing.entries);
    return e;
}

enum err enrolment_revoked(
    struct enrolment *enrolment, const char *id, int64_t reason)
{
    enum err e = store_revoke_issuance(
        enrolment->services.store, id, now_ms(enrolment), reason);

    return e == ERR_NOT_FOUND ? ERR_OK
        : e == ERR_OK         ? write_list(enrolment)
                              : e;
}

static void forget_overdue(struct enrolment *enrolment)
{
    struct store_issuance overdue;

    while (store_overdue_token(enrolment->services.store, now_ms(enrolment),
               &overdue) == ERR_OK) {
        log_info("enrolment",
            "forgot certificate=%s why=\"nobody registered it in time\"",
            overdue.id);
        if (store_drop_issuance(enrolment->services.store, overdue.id) !=
            ERR_OK)
            return;
    }
}

void enrolment_tick(struct enrolment *enrolment)
{
    int64_t now = now_ms(enrolment);

    if (now >= enrolment->look_ms ||
        enrolment->look_ms - now > LOOK_MS) { /* the clock went back */
        enrolment->look_ms = now + LOOK_MS;
        forget_overdue(enrolment);
    }
    if (now >= enrolment->list_ms && write_list(enrolment) != ERR_OK)
        log_error("enrolment", "the list of revoked certificates grows old");
}
