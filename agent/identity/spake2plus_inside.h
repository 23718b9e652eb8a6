/* spake2plus_inside.h - runs whose secret is given, not drawn: for the tests
 * with published values, and for nothing else. */

#ifndef IDENTITY_SPAKE2PLUS_INSIDE_H
#define IDENTITY_SPAKE2PLUS_INSIDE_H

#include "identity/spake2plus_keys.h"
#include "identity/spake2plus_prover.h"

struct spake2plus {
    struct spake2plus_transcript transcript;
    struct spake2plus_keys keys;
    unsigned char confirm[SPAKE2PLUS_CONFIRM];  /* ours */
    unsigned char expected[SPAKE2PLUS_CONFIRM]; /* the prover's */
    bool over;
};

/* spake2plus_start with this y. */
enum err spake2plus_start_with(const struct spake2plus_record *record,
    const struct spake2plus_names *names, struct span share_p,
    const unsigned char y[P256_SCALAR], struct spake2plus **out) MUST_CHECK;

struct spake2plus_prover {
    struct spake2plus_secrets secrets;
    unsigned char x[P256_SCALAR];
    struct spake2plus_transcript transcript;
    struct spake2plus_keys keys;
    bool over;
};

/* spake2plus_prover_start with this x. */
enum err spake2plus_prover_start_with(const struct spake2plus_secrets *secrets,
    const unsigned char x[P256_SCALAR],
    struct spake2plus_prover **out) MUST_CHECK;

#endif
