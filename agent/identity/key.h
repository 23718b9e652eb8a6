/* key.h - the device's private key, used where it is (docs/keys.md).
 *
 * TLS, certificate requests and everything else sign through key_signer; what
 * signs is ports/keystore.  Any thread may use a key. */

#ifndef IDENTITY_KEY_H
#define IDENTITY_KEY_H

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>

#include "core/err.h"
#include "ports/keystore/keystore.h"

#define KEY_WHY KEYSTORE_WHY

struct key;

/* Name the key: "file:PATH", "pkcs11:..." or "tpm2:...".  Nothing is opened
 * yet.  Reasons are logged, without the URI, which may hold a PIN. ERR_INVALID:
 * not such a URI; ERR_UNSUPPORTED: another scheme; ERR_NOT_FOUND: the library
 * for it is not installed. */
enum err key_open(const char *uri, struct key **out) MUST_CHECK;
void key_free(struct key *key); /* wipes; NULL is fine */

/* Find the key, and compare it with `certificate` unless that is NULL; to be
 * called before key_signer is used, as often as one likes: what failed because
 * a token was absent is mended by calling again.  ERR_INVALID: the certificate
 * is for another key, or it is none; else as keystore_open.  `why` is as in
 * keystore.h. */
enum err key_ready(struct key *key, const mbedtls_x509_crt *certificate,
    char why[KEY_WHY]) MUST_CHECK;

/* Lent for the key's life: what TLS signs with.  Empty before key_ready. */
mbedtls_pk_context *key_signer(struct key *key);

/* Sign a message as docs/ownership.md has it: ECDSA raw r||s with the hash of
 * the curve's size, or RSASSA-PSS with SHA-256.  Takes as long as a token does.
 * Errors as keystore_sign. */
enum err key_sign(struct key *key, const void *message, size_t len,
    struct keystore_signature *out, char why[KEY_WHY]) MUST_CHECK;

/* Did the last signature since key_ready fail, and why? */
bool key_trouble(struct key *key, char why[KEY_WHY]);

/* Where it lives and whether it can be taken out, in words and for machines. */
void key_place(struct key *key, struct keystore_place *out);

/* Does somebody wait for the key's token just now?  Never waits itself. */
bool key_is_busy(struct key *key);

/* Does the key stay in hardware that may come and go?  Else it is a file. */
bool key_is_in_token(const struct key *key);

#endif
