/* key.h - the device's private key, used where it is. */

#ifndef IDENTITY_KEY_H
#define IDENTITY_KEY_H

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "core/err.h"

struct key;

/* Open the key that `uri` names: "file:PATH" (PEM, PKCS#8 or SEC1).  Reasons
 * are logged.  ERR_DENIED: others can read the file (mode & 077); ERR_INVALID:
 * not a key, or encrypted; ERR_UNSUPPORTED: another scheme. */
enum err key_open(const char *uri, struct key **out) MUST_CHECK;
void key_free(struct key *key); /* wipes; NULL is fine */

/* Lent for the key's life: what TLS signs with. */
mbedtls_pk_context *key_signer(struct key *key);

/* ERR_INVALID (logged) when the certificate is for another key. */
enum err key_fits(
    const struct key *key, const mbedtls_x509_crt *certificate) MUST_CHECK;

#endif
