/* user_key.h - public keys of people, and what they signed.
 *
 * A key is a point of P-256, uncompressed; a signature is ECDSA with SHA-256,
 * raw r||s, over a hash that is taken as the message (docs/ownership.md), so
 * that WebCrypto makes and checks the same. */

#ifndef IDENTITY_USER_KEY_H
#define IDENTITY_USER_KEY_H

#include <stdbool.h>

#include "core/err.h"
#include "identity/p256.h"
#include "identity/transcript.h"

#define USER_KEY_SIGNATURE 64

/* Does it lie on the curve? */
bool user_key_is_one(const unsigned char key[P256_POINT]);

/* ERR_DENIED: the key's owner did not sign this, or it is no key. */
enum err user_key_verify(const unsigned char key[P256_POINT],
    const unsigned char message[TRANSCRIPT_HASH],
    const unsigned char signature[USER_KEY_SIGNATURE]) MUST_CHECK;

/* For programs that are users: sign with a private key. */
enum err user_key_sign(const unsigned char scalar[P256_SCALAR],
    const unsigned char message[TRANSCRIPT_HASH],
    unsigned char signature[USER_KEY_SIGNATURE]) MUST_CHECK;

#endif
