/* pbkdf2.h - PBKDF2-HMAC-SHA256 (RFC 8018 section 5.2), its first block. */

#ifndef IDENTITY_PBKDF2_H
#define IDENTITY_PBKDF2_H

#include <stdint.h>

#include "core/err.h"
#include "identity/bytes.h"

#define PBKDF2_BYTES 32

/* ERR_INVALID: no iterations. */
enum err pbkdf2_sha256(struct span password, struct span salt,
    uint32_t iterations, unsigned char out[PBKDF2_BYTES]) MUST_CHECK;

#endif
