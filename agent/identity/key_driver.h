/* key_driver.h - lets mbedTLS sign with a key that it never sees.
 *
 * mbedTLS 3.6 has no private key for clients that somebody else holds, but its
 * PSA calls a driver for keys in a "secure element".  Ours is the key store.
 * mbedTLS 4 has another interface for this; this file is what changes then
 * (docs/keys.md). */

#ifndef IDENTITY_KEY_DRIVER_H
#define IDENTITY_KEY_DRIVER_H

#include <mbedtls/pk.h>
#include <stdbool.h>

#include "core/err.h"
#include "ports/keystore/keystore.h"

struct key_driver; /* one key of the driver's */

/* Start PSA with the driver in it, once; cheap afterwards. */
enum err key_driver_start(void) MUST_CHECK;

/* Make `pk` (initialised, empty) sign through `store`, which is borrowed until
 * key_driver_detach.  ERR_TOO_BIG: too many keys at once. */
enum err key_driver_attach(struct keystore *store,
    const struct keystore_public *key, mbedtls_pk_context *pk,
    struct key_driver **out) MUST_CHECK;
void key_driver_detach(struct key_driver *driver); /* NULL is fine */

/* Did the last signature since then fail, and why? */
bool key_driver_trouble(struct key_driver *driver, char why[KEYSTORE_WHY]);
void key_driver_clear(struct key_driver *driver);

#endif
