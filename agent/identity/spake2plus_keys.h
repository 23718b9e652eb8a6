/* spake2plus_keys.h - from a transcript to the keys; RFC 9383 section 3.4. */

#ifndef IDENTITY_SPAKE2PLUS_KEYS_H
#define IDENTITY_SPAKE2PLUS_KEYS_H

#include "identity/spake2plus.h"

#define SPAKE2PLUS_HASH 32

/* RFC 9383 section 4: points whose logarithms nobody knows. */
extern const unsigned char spake2plus_m[P256_POINT];
extern const unsigned char spake2plus_n[P256_POINT];

struct spake2plus_transcript {
    unsigned char share_p[P256_POINT], share_v[P256_POINT];
    unsigned char z[P256_POINT], v[P256_POINT];
};

/* `main` is the hash of the transcript: a secret as the others are. */
struct spake2plus_keys {
    unsigned char main[SPAKE2PLUS_HASH];
    unsigned char confirm_p[SPAKE2PLUS_HASH], confirm_v[SPAKE2PLUS_HASH];
    unsigned char shared[SPAKE2PLUS_KEY];
};

enum err spake2plus_keys_derive(const struct spake2plus_names *names,
    const struct spake2plus_transcript *transcript,
    const unsigned char w0[P256_SCALAR],
    struct spake2plus_keys *out) MUST_CHECK;

/* The MAC that one side sends over the share of the other. */
enum err spake2plus_keys_confirm(const unsigned char key[SPAKE2PLUS_HASH],
    const unsigned char share[P256_POINT],
    unsigned char out[SPAKE2PLUS_CONFIRM]) MUST_CHECK;

#endif
