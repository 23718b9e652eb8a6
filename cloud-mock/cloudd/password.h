/* password.h - passwords as slow salted hashes (PBKDF2, RFC 8018 5.2).
 *
 * PBKDF2-HMAC-SHA256 with 600,000 rounds (OWASP 2023) rather than Argon2: it
 * needs no further library, and it can be computed in slices, so that one
 * thread serves everybody while a log-in is being checked. */

#ifndef CLOUDD_PASSWORD_H
#define CLOUDD_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/loop.h"

#define PASSWORD_ROUNDS    600000
#define PASSWORD_MOST      256 /* bytes of a password */
#define PASSWORD_HASH_SIZE 160 /* "pbkdf2-sha256$600000$<salt>$<hash>" */

struct password_check;

/* Hash a new password; blocks for the rounds.  ERR_INVALID: it is empty or
 * longer than PASSWORD_MOST. */
enum err password_hash(const char *password, uint32_t rounds,
    char hash[PASSWORD_HASH_SIZE]) MUST_CHECK;

/* The 32 bytes of PBKDF2-HMAC-SHA256. */
enum err password_pbkdf2(const char *password, const void *salt,
    size_t salt_len, uint32_t rounds, unsigned char out[32]) MUST_CHECK;

/* Compare `password` with a hash, in slices on the loop; the callback comes
 * once.  A NULL or malformed `hash` takes as long as a good one and is false:
 * an unknown user cannot be told from a wrong password.  NULL: out of memory.
 */
typedef void password_callback(void *context, bool right);
struct password_check *password_check_start(struct loop *loop,
    const char *password, const char *hash, password_callback *callback,
    void *context) MUST_CHECK;
void password_check_cancel(struct password_check *check); /* NULL is fine */

/* Hash a new password in slices on the loop.  The callback comes once; NULL:
 * it could not be.  NULL returned: out of memory, or not a password (which
 * password_fits tells). */
typedef void password_made(void *context, const char *hash);
struct password_check *password_make_start(struct loop *loop,
    const char *password, password_made *made, void *context) MUST_CHECK;
bool password_fits(const char *password);

#endif
