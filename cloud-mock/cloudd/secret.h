/* secret.h - tokens: random, stored only as digests, compared blindly. */

#ifndef CLOUDD_SECRET_H
#define CLOUDD_SECRET_H

#include <stdbool.h>

#include "core/err.h"

#define SECRET_SIZE 65 /* 64 hex digits and a NUL */

/* 256 random bits.  ERR_IO: there is no token. */
enum err secret_new(char token[SECRET_SIZE]) MUST_CHECK;

/* SHA-256 of "<purpose>:<token>": what may be stored or shown where the token
 * itself must not be.  Different purposes give unrelated digests. */
enum err secret_digest(const char *purpose, const char *token,
    char digest[SECRET_SIZE]) MUST_CHECK;

/* HMAC-SHA256 of `text` (RFC 2104), keyed with the bytes of `key`, as hex. */
enum err secret_hmac(
    const char *key, const char *text, char mac[SECRET_SIZE]) MUST_CHECK;

/* Same text?  The time taken depends on the lengths only. */
bool secret_equal(const char *a, const char *b);

#endif
