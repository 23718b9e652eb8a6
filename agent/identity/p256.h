/* p256.h - the group P-256 for protocols whose scalars are secret.
 *
 * Multiplication is mbedTLS's comb with blinded coordinates.  Its "muladd" is
 * not constant time in the scalars, so secrets are multiplied one by one, and
 * only the products are added.  A point is its uncompressed encoding (SEC 1
 * 2.3.3); each is checked to lie on the curve, and the point at infinity has no
 * such encoding.  The cofactor is 1: what lies on the curve is in the group. */

#ifndef IDENTITY_P256_H
#define IDENTITY_P256_H

#include <stddef.h>

#include "core/err.h"
#include "identity/bytes.h"

#define P256_SCALAR 32 /* big-endian, 1 to n - 1 */
#define P256_POINT  65 /* 0x04, x, y */

extern const unsigned char p256_base[P256_POINT]; /* G, of order n */

/* ERR_INVALID: not a point of the curve, or not a scalar.  ERR_IO: no
 * randomness to blind with. */
enum err p256_multiply(const unsigned char scalar[P256_SCALAR],
    const unsigned char point[P256_POINT],
    unsigned char out[P256_POINT]) MUST_CHECK;

/* a + b, a - b.  ERR_INVALID too when the result is the point at infinity. */
enum err p256_add(const unsigned char a[P256_POINT],
    const unsigned char b[P256_POINT],
    unsigned char out[P256_POINT]) MUST_CHECK;
enum err p256_subtract(const unsigned char a[P256_POINT],
    const unsigned char b[P256_POINT],
    unsigned char out[P256_POINT]) MUST_CHECK;

/* A number modulo n; not in constant time.  ERR_INVALID: that is 0. */
enum err p256_reduce(
    struct span number, unsigned char out[P256_SCALAR]) MUST_CHECK;

/* Uniform in 1 to n - 1. */
enum err p256_random(unsigned char out[P256_SCALAR]) MUST_CHECK;

#endif
