/* enrolment.h - operational certificates: asked for, issued, registered,
 * revoked.  Who may ask is the business of the service the request came by: EST
 * (request.h) or fleet provisioning (provisioning.h). */

#ifndef CLOUD_MOCK_ENROLMENT_H
#define CLOUD_MOCK_ENROLMENT_H

#include "cloud-mock/lib/registry.h"
#include "cloud-mock/lib/store_issuance.h"

struct enrolment;

struct enrolment_options {
    const char *folder; /* of the operational CA, see issuer.h */
    int64_t life_s;     /* of what it signs; 0: ISSUER_LIFE_S */
};

struct enrolment_services {
    struct store *store;
    struct sender *sender;
    struct registry *registry;
};

/* The services are borrowed for life, the options are not. */
enum err enrolment_open(const struct enrolment_options *options,
    const struct enrolment_services *services,
    struct enrolment **out) MUST_CHECK;
void enrolment_close(struct enrolment *enrolment); /* NULL is fine */

struct enrolment_order {
    const char *csr; /* PEM */
    /* Whose certificate it will be; NULL: the request's own subject says, and
     * must say it completely. */
    const struct store_thing *thing;
    const char *only;      /* it must be this thing's; NULL: anybody's */
    const char *vendor;    /* ... a thing of this vendor; NULL: any */
    bool check_only;       /* judge; issue nothing */
    bool whole;            /* the subject must be complete (renewal) */
    const char *method;    /* est, fleet */
    const char *requester; /* see store_issuance.h */
    /* SHA-256 of an ownership token: the certificate belongs to nobody and is
     * PENDING_ACTIVATION until enrolment_activate.  NULL: ACTIVE at once. */
    const char *token;
    int64_t token_until_ms;
};

struct enrolment_result {
    char thing[TOPIC_THING_SIZE];
    char id[STORE_ID_SIZE]; /* not with check_only, nor what follows */
    char pem[STORE_PEM_SIZE];
};

/* Issue and register.  ERR_INVALID: the request is malformed or not to be
 * trusted; ERR_DENIED: it asks for what is not its own; ERR_AGAIN: the clock is
 * wrong; `*why` says what, for the one who asks (static). */
enum err enrolment_issue(struct enrolment *enrolment,
    const struct enrolment_order *order, struct enrolment_result *out,
    const char **why) MUST_CHECK;

/* Whose is a certificate that was issued?  Taken from the certificate. */
enum err enrolment_owner(const struct enrolment *enrolment,
    const struct store_issuance *issuance, struct store_thing *out) MUST_CHECK;

/* One that was issued is its thing's from now on: tell who wants to know. */
void enrolment_active(const struct enrolment *enrolment,
    const struct store_certificate *certificate);

/* A certificate is no longer ACTIVE: if we issued it, and it is REVOKED, it
 * goes on the list, which is written anew. */
enum err enrolment_revoked(
    struct enrolment *enrolment, const char *id, int64_t reason) MUST_CHECK;

/* Forget certificates whose ownership token was not used in time. */
void enrolment_tick(struct enrolment *enrolment);

#endif
