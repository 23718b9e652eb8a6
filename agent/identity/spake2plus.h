/* spake2plus.h - SPAKE2+ (RFC 9383), the side that keeps only (w0, L).
 *
 * Suite P256-SHA256-HKDF-SHA256-HMAC-SHA256.  Two sides who both know a short
 * code agree on a key; whoever relays the messages may try one code for each
 * run and learns nothing else.  The verifier cannot play the prover: from
 * (w0, L) the code is found only by stretching all of them.
 *
 *     prover -> shareP
 *               shareV, confirmV <- verifier     spake2plus_start
 *     prover -> confirmP                         spake2plus_finish
 *
 * confirmV tells a prover whether its code was right.  So a try is used up, and
 * must be counted on disk, before confirmV leaves; spake2plus_finish gives it
 * back, when it says ERR_OK. */

#ifndef IDENTITY_SPAKE2PLUS_H
#define IDENTITY_SPAKE2PLUS_H

#include "core/err.h"
#include "identity/bytes.h"
#include "identity/p256.h"

#define SPAKE2PLUS_CONFIRM 32
#define SPAKE2PLUS_KEY     32

/* What the run is bound to (RFC 9383 section 3.3): equal on both sides, or no
 * key is agreed on. */
struct spake2plus_names {
    struct span context, prover, verifier;
};

/* Of the code; RFC 9383 section 3.2.  Who has it can play this verifier. */
struct spake2plus_record {
    unsigned char w0[P256_SCALAR];
    unsigned char l[P256_POINT];
};

struct spake2plus;

/* One run.  ERR_INVALID: the share is not what a prover sends, or the record
 * is none. */
enum err spake2plus_start(const struct spake2plus_record *record,
    const struct spake2plus_names *names, struct span share_p,
    struct spake2plus **out) MUST_CHECK;

/* What to send; P256_POINT and SPAKE2PLUS_CONFIRM bytes, lent until
 * spake2plus_finish, which wipes them. */
const unsigned char *spake2plus_share(const struct spake2plus *run);
const unsigned char *spake2plus_confirm(const struct spake2plus *run);

/* Compared in constant time.  ERR_DENIED: another code, or somebody between
 * changed a message; the run is over, and so it is after ERR_OK. */
enum err spake2plus_finish(struct spake2plus *run, struct span confirm_p,
    unsigned char key[SPAKE2PLUS_KEY]) MUST_CHECK;

void spake2plus_free(struct spake2plus *run); /* wipes; NULL is fine */

#endif
