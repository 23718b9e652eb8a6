/* signature.h - is a detached signature over some bytes genuine?  What judges
 * jobs and updates.
 *
 * The bytes come piece by piece, so a file of any size takes no memory:
 *     signature_open, signature_update..., signature_finish, signature_close */

#ifndef IDENTITY_SIGNATURE_H
#define IDENTITY_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* An algorithm stands for one kind of key, one hash and one encoding; nothing
 * is guessed from the signature. */
enum signature_algorithm {
    SIGNATURE_ES256,     /* P-256, SHA-256; r||s, 64 octets (RFC 7518 3.4) */
    SIGNATURE_ES256_DER, /* the same as ECDSA-Sig-Value in DER (RFC 3279) */
    SIGNATURE_ES384,     /* P-384, SHA-384; r||s, 96 octets */
    SIGNATURE_ES384_DER,
    SIGNATURE_PS256, /* RSASSA-PSS, SHA-256, MGF1 of it, salt of 32 octets
                        exactly (RFC 7518 3.5) */
    SIGNATURE_RS256, /* RSASSA-PKCS1-v1_5, SHA-256 (RFC 7518 3.3) */
};

/* "es256-der"; static. */
const char *signature_algorithm_name(enum signature_algorithm algorithm);
bool signature_algorithm_parse(
    const char *name, enum signature_algorithm *algorithm);

struct signature;

/* Begin, with a public key in PEM ("PUBLIC KEY", RFC 7468 section 13; a
 * string).  ERR_INVALID: it is not one such key; ERR_DENIED: a good key, but
 * not one for this algorithm: another kind or curve, or RSA below 2048 or above
 * 8192 bits. */
enum err signature_open(enum signature_algorithm algorithm, const char *pem,
    struct signature **out) MUST_CHECK;

/* The next bytes that are signed. */
enum err signature_update(
    struct signature *signature, const void *bytes, size_t len) MUST_CHECK;

/* End, once: ERR_OK means genuine.  ERR_DENIED: it is not, also when `value` is
 * not exactly of the algorithm's form. */
enum err signature_finish(struct signature *signature,
    const unsigned char *value, size_t len) MUST_CHECK;

/* End with the algorithm's hash of all bytes, made elsewhere; no updates came
 * before.  ERR_INVALID: its length is not the hash's. */
enum err signature_finish_hash(struct signature *signature,
    const unsigned char *hash, size_t hash_len, const unsigned char *value,
    size_t len) MUST_CHECK;

void signature_close(struct signature *signature); /* NULL is fine */

#endif
