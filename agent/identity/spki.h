/* spki.h - what a SubjectPublicKeyInfo proves (RFC 5280 section 4.1.2.7). */

#ifndef IDENTITY_SPKI_H
#define IDENTITY_SPKI_H

#include "identity/bytes.h"

/* What is signed, as it stands in certificates, requests and lists. */
struct spki_signed {
    const char *algorithm; /* ecdsa-with-SHA256 or -SHA384, dotted */
    struct span message;
    struct span signature; /* ECDSA-Sig-Value */
};

/* ERR_INVALID: no elliptic-curve key, or not a point of its curve; ERR_DENIED:
 * not signed by this key, or with another algorithm than the two;
 * ERR_NO_MEMORY. */
enum err spki_verify(
    struct span spki, const struct spki_signed *what) MUST_CHECK;

#endif
