/* certs_only.h - certificates in a PKCS #7 envelope that signs nothing: what an
 * EST server answers with (RFC 7030 sections 4.1.3 and 4.2.3; the degenerate
 * SignedData of RFC 5652 section 5.1).
 *
 * mbedTLS reads PKCS #7 only with a signer.  DER and nothing else, as RFC 8951
 * section 3.1 wants it, but for the order of the certificates: a SET is sorted
 * in DER, and servers do not sort. */

#ifndef IDENTITY_CERTS_ONLY_H
#define IDENTITY_CERTS_ONLY_H

#include "core/err.h"
#include "identity/bytes.h"

#define CERTS_ONLY_MOST  32   /* certificates in one envelope */
#define CERTS_ONLY_BYTES 8192 /* of one of them */

struct certs_only {
    struct span certificates[CERTS_ONLY_MOST]; /* lent; in no order */
    size_t count;                              /* at least 1 */
};

/* What is in the certificates is not looked at beyond their outside (RFC 5280
 * section 4.1).  Revocation lists beside them are passed over.  ERR_INVALID,
 * ERR_TOO_BIG (a bound above): *why says what was expected (static). */
enum err certs_only_read(
    struct span der, struct certs_only *out, const char **why) MUST_CHECK;

#endif
