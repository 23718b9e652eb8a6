/* proof.h - what keys of people prove: hashes and signatures of
 * docs/ownership.md, binary values as base64url.
 *
 * A point is on P-256, uncompressed, 65 bytes; a signature is ECDSA P-256 with
 * SHA-256, raw r||s, over a hash taken as the message. */

#ifndef CLOUDD_PROOF_H
#define CLOUDD_PROOF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define PROOF_HASH      32
#define PROOF_POINT     65
#define PROOF_SIGNATURE 64
#define PROOF_KEY_SIZE  88 /* a point in base64url: 87 characters and a NUL */

/* Decode base64url without padding (RFC 4648 section 5), exactly: no other
 * character, no bit set beyond the last byte.  False: it is not that, or is
 * longer than `size`. */
bool proof_decode(const char *text, void *bytes, size_t size, size_t *len);

/* Encode; `text` has room for 4 * len / 3 + 2 characters. */
void proof_encode(const void *bytes, size_t len, char *text);

/* H() of docs/ownership.md: SHA-256 of the fields, each after its length as 8
 * bytes little-endian. */
struct proof_field {
    const void *bytes;
    size_t len;
};
enum err proof_hash(const struct proof_field *fields, size_t count,
    unsigned char hash[PROOF_HASH]) MUST_CHECK;
enum err proof_sha256(
    const void *bytes, size_t len, unsigned char hash[PROOF_HASH]) MUST_CHECK;

/* Is `key` the base64url of a point on the curve? */
bool proof_is_key(const char *key);

/* A key whose holder is nobody: a random point on the curve, in base64url. */
enum err proof_random_key(char key[PROOF_KEY_SIZE]) MUST_CHECK;

/* Did the holder of `key` sign `hash`?  Both texts are base64url. */
bool proof_verify(const char *key, const char *signature,
    const unsigned char hash[PROOF_HASH]);

#endif
