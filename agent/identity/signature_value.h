/* signature_value.h - the two numbers of an ECDSA signature, strictly.
 *
 * Verifiers that accept several encodings of one signature let anybody make a
 * second signature from a first; here one pair has one encoding. */

#ifndef IDENTITY_SIGNATURE_VALUE_H
#define IDENTITY_SIGNATURE_VALUE_H

#include <mbedtls/ecp.h>

#include "core/err.h"
#include "identity/bytes.h"

#define SIGNATURE_VALUE_MAX 96 /* r||s of P-384 */

struct signature_value {
    unsigned char bytes[SIGNATURE_VALUE_MAX]; /* r||s, each of `size` octets */
    size_t size;
};

/* From r||s (RFC 7518 section 3.4), or from an ECDSA-Sig-Value (RFC 3279
 * section 2.2.3) in DER.  ERR_DENIED: another length, not DER to the byte, or
 * a number that is not from 1 to the order of the curve minus 1. */
enum err signature_value_raw(mbedtls_ecp_group_id curve, struct span raw,
    struct signature_value *out) MUST_CHECK;
enum err signature_value_der(mbedtls_ecp_group_id curve, struct span der,
    struct signature_value *out) MUST_CHECK;

#endif
