/* transcript.h - what is signed and what keys are bound to: F and H of
 * docs/ownership.md.
 *
 * F is each field behind its length as 8 bytes little-endian, so that no two
 * lists of fields read the same; H is SHA-256 of that. */

#ifndef IDENTITY_TRANSCRIPT_H
#define IDENTITY_TRANSCRIPT_H

#include "core/err.h"
#include "identity/bytes.h"

#define TRANSCRIPT_HASH 32

struct span transcript_text(const char *text); /* its bytes without the NUL */

/* F; the caller frees. */
enum err transcript_join(
    const struct span *fields, size_t count, struct bytes *out) MUST_CHECK;

/* H. */
enum err transcript_hash(const struct span *fields, size_t count,
    unsigned char hash[TRANSCRIPT_HASH]) MUST_CHECK;

/* SHA-256 of the bytes as they are. */
enum err transcript_sha256(
    struct span bytes, unsigned char hash[TRANSCRIPT_HASH]) MUST_CHECK;

#endif
