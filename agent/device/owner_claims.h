/* owner_claims.h - claims that are under way (docs/ownership.md, "Claim").
 *
 * No clock, no disk, no messages: who counts tries and asks for locks is the
 * caller.  Times are monotonic milliseconds. */

#ifndef DEVICE_OWNER_CLAIMS_H
#define DEVICE_OWNER_CLAIMS_H

#include <stdint.h>

#include "core/err.h"
#include "identity/box.h"
#include "identity/claim_verifier.h"
#include "identity/hit.h"

#define OWNER_CLAIMS_OPEN 4
#define OWNER_CLAIMS_MS   (2 * 60 * 1000)

struct owner_claims;

enum err owner_claims_new(const char *thing, const struct hit *hit,
    struct owner_claims **out) MUST_CHECK;
void owner_claims_free(struct owner_claims *claims); /* wipes; NULL is fine */

/* Step 1.  ERR_AGAIN: too many are open; ERR_IO: no randomness. */
enum err owner_claims_begin(struct owner_claims *claims, int64_t now_ms,
    unsigned char id[BOX_CHANNEL]) MUST_CHECK;

/* Step 2.  The answer must not leave before the try is counted.
 * ERR_NOT_FOUND: no such claim, or it is past this step; ERR_INVALID: the key
 * or the share is no point that may be: the claim goes on. */
struct owner_claims_share {
    const unsigned char *id;    /* BOX_CHANNEL */
    const unsigned char *key;   /* P256_POINT, the user's */
    const unsigned char *share; /* P256_POINT */
};
struct owner_claims_answer {
    unsigned char share[P256_POINT];
    unsigned char confirm[SPAKE2PLUS_CONFIRM];
};
enum err owner_claims_share(struct owner_claims *claims, int64_t now_ms,
    const struct spake2plus_record *record,
    const struct owner_claims_share *request,
    struct owner_claims_answer *answer) MUST_CHECK;

/* One that got through: its code was right. */
struct owner_claim {
    unsigned char id[BOX_CHANNEL];
    unsigned char key[P256_POINT];
    struct box_keys keys;
    uint64_t heard, said;                 /* counters of its boxes */
    unsigned char proof[TRANSCRIPT_HASH]; /* what the factory key signs */
};

/* Step 3.  *out is lent until the claim ends.  ERR_NOT_FOUND as above;
 * ERR_DENIED: the code was not right, and the claim is over. */
enum err owner_claims_confirm(struct owner_claims *claims, int64_t now_ms,
    const unsigned char id[BOX_CHANNEL], struct span confirm,
    struct owner_claim **out) MUST_CHECK;

/* Step 4, and whenever one is asked for: NULL unless it got through. */
struct owner_claim *owner_claims_find(struct owner_claims *claims,
    int64_t now_ms, const unsigned char id[BOX_CHANNEL]);

/* It is over.  An unknown one is fine. */
void owner_claims_end(
    struct owner_claims *claims, const unsigned char id[BOX_CHANNEL]);

/* End what is too old; how many of them had heard an answer to a guess and
 * never said that it was right. */
unsigned owner_claims_expire(struct owner_claims *claims, int64_t now_ms);

/* Milliseconds until something must expire; -1: nothing is open. */
int64_t owner_claims_next_ms(const struct owner_claims *claims, int64_t now_ms);

#endif
