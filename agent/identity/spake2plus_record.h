/* spake2plus_record.h - from a pass code to what either side keeps of it; RFC
 * 9383 section 3.2.  A device never does this: it gets its record from the
 * factory.
 *
 *     input = each of code, prover's name, verifier's name behind its length
 *             (8 bytes, little-endian)
 *     key   = PBKDF2-HMAC-SHA256(input, salt, iterations), 32 bytes
 *     w0s, w1s = HKDF-SHA256(no salt, key, "nameplate pass code"), 40 bytes
 * each w0 = w0s mod n, w1 = w1s mod n, L = w1*G
 *
 * 80 bytes straight from PBKDF2 would cost an honest prover three times the
 * iterations, and a guesser, whom w0 is enough, twice. */

#ifndef IDENTITY_SPAKE2PLUS_RECORD_H
#define IDENTITY_SPAKE2PLUS_RECORD_H

#include <stdint.h>

#include "identity/spake2plus_prover.h"

#define SPAKE2PLUS_SALT       16 /* bytes, random for each code */
#define SPAKE2PLUS_ITERATIONS 200000

struct spake2plus_code {
    struct span code, prover, verifier;
    struct span salt;
    uint32_t iterations;
};

/* The prover's secrets.  ERR_INVALID: no iterations. */
enum err spake2plus_stretch(const struct spake2plus_code *code,
    struct spake2plus_secrets *out) MUST_CHECK;

/* What the verifier keeps of them. */
enum err spake2plus_register(const struct spake2plus_secrets *secrets,
    struct spake2plus_record *out) MUST_CHECK;

#endif
