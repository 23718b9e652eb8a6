/* base64url.h - bytes as text, RFC 4648 section 5, without padding.
 *
 * Bytes have one text: what is written otherwise (padding, white space, bits
 * set behind the last byte) does not decode. */

#ifndef CORE_BASE64URL_H
#define CORE_BASE64URL_H

#include <stddef.h>

#include "core/err.h"

#define BASE64URL_SIZE(len) (((len)*4 + 2) / 3 + 1) /* with the NUL */

/* `text` has room for BASE64URL_SIZE(len). */
void base64url_encode(const void *bytes, size_t len, char *text);

/* Decode the string; *len is at most `size`, which a text of a known length
 * need not exceed.  ERR_INVALID: not base64url; ERR_TOO_BIG. */
enum err base64url_decode(
    const char *text, void *bytes, size_t size, size_t *len) MUST_CHECK;

/* The same for exactly `len` bytes; ERR_INVALID also for another length and
 * when `text` is NULL. */
enum err base64url_exact(const char *text, void *bytes, size_t len) MUST_CHECK;

#endif
