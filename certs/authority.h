/* authority.h - a certificate authority: a certificate, and the key to it. */

#ifndef CERTS_AUTHORITY_H
#define CERTS_AUTHORITY_H

#include "certs/certificate.h"
#include "identity/view.h"

struct authority {
    struct keypair *key;
    struct bytes pem; /* of the certificate */
    struct bytes der;
    struct view view; /* of der */
};

/* A certificate, and its key where we made it. */
struct issued {
    struct bytes key_pem; /* empty when the key is elsewhere */
    struct bytes pem;
    struct bytes der;
};
void issued_free(struct issued *issued);

/* Read <base>.crt and <base>.key.  Failures are said, ERR_NOT_FOUND too. */
enum err authority_load(const char *base, struct authority *out) MUST_CHECK;
/* The authority whose certificate was just made. */
enum err authority_of(
    const struct issued *made, struct authority *out) MUST_CHECK;
void authority_free(struct authority *authority);

/* Complete the plan (issuer, key) and sign it, for a fresh key on `curve`;
 * without an issuer it signs itself.  Failures are said. */
enum err authority_issue(const struct authority *issuer,
    struct certificate_plan plan, enum keypair_curve curve,
    struct issued *out) MUST_CHECK;
/* The same for a key that is elsewhere. */
enum err authority_issue_for(const struct authority *issuer,
    struct certificate_plan plan, struct span spki,
    struct issued *out) MUST_CHECK;

/* Now, in seconds; ERR_AGAIN (said) when the clock stands before the issuer's
 * certificate, so that nothing is dated before its issuer. */
enum err authority_now(const struct authority *issuer, int64_t *now) MUST_CHECK;

#endif
