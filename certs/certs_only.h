/* certs_only.h - certificates in an envelope that signs nothing: the
 * "certs-only" message of EST (RFC 7030 section 4.1.3, RFC 5652 section 5.1).
 */

#ifndef CERTS_CERTS_ONLY_H
#define CERTS_CERTS_ONLY_H

#include "identity/bytes.h"

/* The DER of a SignedData with these certificates, in this order, and no
 * signer; the caller frees. */
enum err certs_only_write(const struct span *certificates, size_t count,
    struct bytes *der) MUST_CHECK;

#endif
