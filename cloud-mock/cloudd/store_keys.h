/* store_keys.h - the keys of people's browsers, and what records give them.
 *
 * A key belongs to one account.  The roles of a thing are those of the record
 * that holds; together they say what an account may do. */

#ifndef CLOUDD_STORE_KEYS_H
#define CLOUDD_STORE_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudd/proof.h"
#include "cloudd/record.h"
#include "cloudd/role.h"
#include "cloudd/store.h"
#include "cloudd/store_accounts.h"

#define STORE_KEYS_MOST 16 /* of one account */

struct store_key {
    const char *key;  /* base64url of the point */
    const char *user; /* whose it is */
    const char *name; /* of the browser, as its user calls it */
    int64_t added_ms;
};

/* ERR_EXISTS: it is another account's; the account's own gets the new name.
 * ERR_TOO_BIG: the account has STORE_KEYS_MOST. */
enum err store_key_put(
    struct store *store, const struct store_key *key) MUST_CHECK;
/* ERR_NOT_FOUND: the account has no such key. */
enum err store_key_remove(
    struct store *store, const char *user, const char *key) MUST_CHECK;
/* [{"key","name","added"}...]; the caller frees *out. */
enum err store_keys_list(
    struct store *store, const char *user, struct json **out) MUST_CHECK;
/* Whose key is it?  ERR_NOT_FOUND: nobody's here. */
enum err store_key_user(struct store *store, const char *key,
    char user[STORE_USER_SIZE]) MUST_CHECK;

/* Keep the record that holds, and its roles, instead of the one before. */
enum err store_ownership_put(struct store *store, const char *thing,
    const struct json *envelope, const struct record *record) MUST_CHECK;
/* The envelope that holds; the caller frees *out.  ERR_NOT_FOUND: none. */
enum err store_ownership_get(
    struct store *store, const char *thing, struct json **out) MUST_CHECK;

/* A transfer that waits for the new owner: an envelope with signatures that
 * still miss; NULL takes it back. */
enum err store_offer_put(struct store *store, const char *thing,
    const struct json *envelope) MUST_CHECK;
enum err store_offer_get(
    struct store *store, const char *thing, struct json **out) MUST_CHECK;

/* The best role of the account's keys; an admin's right is not one. */
enum role store_role(struct store *store, const char *user, const char *thing);

/* Whom does a thing belong to?  Call back for each account of role `least` or
 * more. */
typedef void store_account_callback(void *context, const char *user);
void store_role_each(struct store *store, const char *thing, enum role least,
    store_account_callback *callback, void *context);

#endif
