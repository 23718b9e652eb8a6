/* spake2plus_prover.h - SPAKE2+ (RFC 9383), the side that knows the code.
 *
 * The page has its own (cloud-mock/page/spake2plus.js); this one is for tests
 * and for programs that claim. */

#ifndef IDENTITY_SPAKE2PLUS_PROVER_H
#define IDENTITY_SPAKE2PLUS_PROVER_H

#include "identity/spake2plus.h"

/* Both come from the code, see spake2plus_record.h. */
struct spake2plus_secrets {
    unsigned char w0[P256_SCALAR], w1[P256_SCALAR];
};

struct spake2plus_prover;

enum err spake2plus_prover_start(const struct spake2plus_secrets *secrets,
    struct spake2plus_prover **out) MUST_CHECK;

/* What to send first; P256_POINT bytes, lent until spake2plus_prover_finish. */
const unsigned char *spake2plus_prover_share(
    const struct spake2plus_prover *run);

/* What the verifier sent. */
struct spake2plus_answer {
    struct span share, confirm;
};

/* Judge it, and make what to send and the key, once.  ERR_INVALID: the share
 * is no point; ERR_DENIED: the other side knows another code, or somebody
 * between changed a message.  In both nothing may be sent. */
enum err spake2plus_prover_finish(struct spake2plus_prover *run,
    const struct spake2plus_names *names,
    const struct spake2plus_answer *answer,
    unsigned char confirm[SPAKE2PLUS_CONFIRM],
    unsigned char key[SPAKE2PLUS_KEY]) MUST_CHECK;

void spake2plus_prover_free(struct spake2plus_prover *run); /* wipes; NULL ok */

#endif
