/* store_issuance.h - certificates that the operational CA issued, on disk: how,
 * to whom, and which were revoked. */

#ifndef CLOUD_MOCK_STORE_ISSUANCE_H
#define CLOUD_MOCK_STORE_ISSUANCE_H

#include "cloud-mock/lib/store_registry.h"

#define STORE_PEM_SIZE 6000

struct store_issuance {
    char id[STORE_ID_SIZE];          /* of the certificate */
    char serial[41];                 /* hex */
    char method[16];                 /* est, fleet */
    char requester[STORE_TEXT_SIZE]; /* who proved what: a certificate's id,
                                        or "basic:<user>" */
    int64_t issued_ms;
    char token[STORE_ID_SIZE]; /* SHA-256 of the ownership token; "": none */
    int64_t token_until_ms;
    int64_t revoked_ms; /* 0: it is not */
    int64_t reason;     /* RFC 5280 5.3.1 */
    char pem[STORE_PEM_SIZE];
};

/* A certificate, how it came to be, and (unless NULL) its thing: all or
 * nothing; the thing itself is left alone when it is known. */
enum err store_issue(struct store *store, const struct store_thing *thing,
    const struct store_certificate *certificate,
    const struct store_issuance *issuance) MUST_CHECK;

enum err store_get_issuance(
    struct store *store, const char *id, struct store_issuance *out) MUST_CHECK;

/* By the hash of an ownership token that was not used. */
enum err store_get_token(struct store *store, const char *token,
    struct store_issuance *out) MUST_CHECK;
/* Any whose token was not used in time. */
enum err store_overdue_token(
    struct store *store, int64_t now_ms, struct store_issuance *out) MUST_CHECK;

/* Use the token up: the certificate is this thing's, and ACTIVE. */
enum err store_activate(struct store *store, const char *id,
    const struct store_thing *thing) MUST_CHECK;
/* Forget the certificate altogether. */
enum err store_drop_issuance(struct store *store, const char *id) MUST_CHECK;

/* Note that it was revoked; one that was stays as it is.  ERR_NOT_FOUND: it
 * was not issued here, or is revoked already. */
enum err store_revoke_issuance(struct store *store, const char *id,
    int64_t now_ms, int64_t reason) MUST_CHECK;

/* Call back for each that was revoked, in that order. */
typedef enum err store_issuance_visitor(
    void *context, const struct store_issuance *issuance);
enum err store_each_revoked(struct store *store, store_issuance_visitor *visit,
    void *context) MUST_CHECK;

#endif
