/* claim_verifier.h - what a device keeps of its pass code: the factory's file
 * "claim-verifier".
 *
 *     nameplate claim verifier 1
 *     w0 <64 hexadecimal digits>
 *     L <130>
 *     salt <32>
 *     iterations 200000
 *
 * Lines end with LF; this order, nothing else.  The code cannot be read from
 * it, but whoever has it can try all codes, and can answer in the device's
 * place up to the proof of its factory key: 0600, as the key beside it. */

#ifndef IDENTITY_CLAIM_VERIFIER_H
#define IDENTITY_CLAIM_VERIFIER_H

#include "identity/spake2plus_record.h"

#define CLAIM_VERIFIER_FILE      "claim-verifier"
#define CLAIM_VERIFIER_TEXT_SIZE 320 /* with the NUL */

/* The prover's name in the key exchange; the verifier's is its thing name. */
#define CLAIM_PROVER "user"

struct claim_verifier {
    struct spake2plus_record record;
    unsigned char salt[SPAKE2PLUS_SALT];
    uint32_t iterations;
};

/* Of a code for a device; takes a tenth of a second, on purpose.  `salt` and
 * `iterations` are filled in already. */
enum err claim_verifier_make(struct claim_verifier *verifier, const char *code,
    const char *thing) MUST_CHECK;

void claim_verifier_print(
    const struct claim_verifier *verifier, char text[CLAIM_VERIFIER_TEXT_SIZE]);

/* ERR_INVALID: it is no such file, or its numbers are not of the group. */
enum err claim_verifier_parse(
    struct span text, struct claim_verifier *out) MUST_CHECK;

#endif
