/* hit.h - the Host Identity Tag: a name for a key that needs no CA.
 *
 * An ORCHIDv2 (RFC 7343 section 2) as the Host Identity Protocol makes it (RFC
 * 7401 section 3.2): 2001:20::/28, four bits for the suite, and the middle 96
 * bits of the suite's hash over Context ID and host identity.  What the host
 * identity's bytes are is told in docs/identity.md. */

#ifndef IDENTITY_HIT_H
#define IDENTITY_HIT_H

#include <mbedtls/pk.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define HIT_SIZE      16
#define HIT_TEXT_SIZE 46 /* with the NUL */

struct hit {
    unsigned char bytes[HIT_SIZE]; /* an IPv6 address, network order */
};

/* The ORCHID Generation Algorithm, RFC 7401 section 5.2.10. */
enum hit_suite {
    HIT_RSA_SHA256 = 1, /* RSA, DSA */
    HIT_ECDSA_SHA384 = 2,
};

/* The tag of a host identity: RFC 3110 section 2 for RSA, RFC 7401 section
 * 5.2.9 for ECDSA.  ERR_INVALID: no such suite. */
enum err hit_make(enum hit_suite suite, const unsigned char *identity,
    size_t len, struct hit *out) MUST_CHECK;

/* The tag of a public key (the public half of a pair is taken).
 * ERR_UNSUPPORTED: neither RSA of at most 8192 bits nor ECDSA on P-256 or
 * P-384. */
enum err hit_of_key(const mbedtls_pk_context *key, struct hit *out) MUST_CHECK;

/* As RFC 5952 writes addresses. */
void hit_text(const struct hit *hit, char text[HIT_TEXT_SIZE]);

/* Any spelling of an address.  ERR_INVALID: it is none, or not in
 * 2001:20::/28. */
enum err hit_parse(const char *text, struct hit *out) MUST_CHECK;

bool hit_equal(const struct hit *a, const struct hit *b);

#endif
