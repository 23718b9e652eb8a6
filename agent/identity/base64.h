/* base64.h - what EST and JSON carry bytes in (RFC 4648 section 4). */

#ifndef IDENTITY_BASE64_H
#define IDENTITY_BASE64_H

#include "core/err.h"
#include "identity/bytes.h"

/* White space is passed over wherever it stands (RFC 8951 section 3.1); all
 * else is strict: the alphabet, the padding, and zero bits where bits are left.
 * ERR_INVALID: *why says what is wrong (static).  The caller frees. */
enum err base64_read(
    struct span text, struct bytes *out, const char **why) MUST_CHECK;

/* On one line; a string with its NUL, which `len` does not count. */
enum err base64_write(struct span bytes, struct bytes *out) MUST_CHECK;

#endif
