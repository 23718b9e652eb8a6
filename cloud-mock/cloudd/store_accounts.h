/* store_accounts.h - users and their sessions, on disk.
 *
 * A user is an admin, who sees all devices, or has the devices in whose
 * ownership record one of his keys stands (store_keys.h). */

#ifndef CLOUDD_STORE_ACCOUNTS_H
#define CLOUDD_STORE_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudd/password.h"
#include "cloudd/store.h"

#define STORE_USER_SIZE 65 /* a name is 1 to 64 of [a-zA-Z0-9._@-] */

#define STORE_USERS_MOST 10000 /* who signed up by themselves */

/* Make an admin, or give an old one a new password and end its sessions.
 * ERR_INVALID: not a name. */
enum err store_user_put(
    struct store *store, const char *name, const char *hash) MUST_CHECK;

/* Make a user who is no admin.  ERR_INVALID: not a name; ERR_EXISTS: taken;
 * ERR_TOO_BIG: there are STORE_USERS_MOST. */
enum err store_user_add(
    struct store *store, const char *name, const char *hash) MUST_CHECK;
bool store_user_is_admin(struct store *store, const char *name);

/* ERR_NOT_FOUND: no such user. */
enum err store_user_hash(struct store *store, const char *name,
    char hash[PASSWORD_HASH_SIZE]) MUST_CHECK;

/* Times in milliseconds.  A session ends when unused for `idle_ms`, or
 * `whole_ms` after it began. */
struct store_session_limits {
    int64_t idle_ms, whole_ms;
};

enum err store_session_put(struct store *store, const char *digest,
    const char *user, int64_t now_ms) MUST_CHECK;

/* Whose session is it?  Marks it as used.  ERR_NOT_FOUND: nobody's, or over. */
enum err store_session_use(struct store *store, const char *digest,
    int64_t now_ms, struct store_session_limits limits,
    char user[STORE_USER_SIZE]) MUST_CHECK;
enum err store_session_end(struct store *store, const char *digest) MUST_CHECK;

#endif
