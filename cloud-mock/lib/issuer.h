/* issuer.h - the operational CA: it signs what devices enrol for (LDevIDs, IEEE
 * 802.1AR), and its list of those revoked.
 *
 * Its folder holds ca/ca.crt and ca/ca.key (0600, made once, never leaves), and
 * operational.crl (DER) and operational.crl.pem, written with each revocation.
 * Failures are said on stderr. */

#ifndef CLOUD_MOCK_ISSUER_H
#define CLOUD_MOCK_ISSUER_H

#include <stdint.h>

#include "certs/crl.h"
#include "certs/subject.h"
#include "core/err.h"
#include "identity/bytes.h"

struct issuer;

#define ISSUER_LIFE_S (30LL * 24 * 3600) /* of a certificate, unless told */

/* Make the CA in `folder`, which is made too; one that is there is fine. */
enum err issuer_make(const char *folder, int64_t now_s) MUST_CHECK;

/* Open the CA that issuer_make made; what it signs is good for `life_s`
 * seconds.  ERR_NOT_FOUND: there is none. */
enum err issuer_open(
    const char *folder, int64_t life_s, struct issuer **out) MUST_CHECK;
void issuer_free(struct issuer *issuer); /* NULL is fine */

/* Its certificate; lent. */
struct span issuer_certificate(const struct issuer *issuer);

/* A certificate for this key and subject from now on, clientAuth; the caller
 * frees.  ERR_AGAIN: the clock stands before the CA's own certificate. */
enum err issuer_sign(const struct issuer *issuer, const struct subject *subject,
    struct span spki, int64_t now_s, struct bytes *der) MUST_CHECK;

/* Write the list anew; its number is the time, so it grows.  Good for
 * ISSUER_LIST_S. */
#define ISSUER_LIST_S (7LL * 24 * 3600)
enum err issuer_write_list(const struct issuer *issuer,
    const struct crl_entry *entries, size_t count, int64_t now_ms) MUST_CHECK;

#endif
