/* keypair.h - ECDSA keys: made, kept, used for signing. */

#ifndef CERTS_KEYPAIR_H
#define CERTS_KEYPAIR_H

#include <stdbool.h>

#include "core/err.h"
#include "identity/bytes.h"

struct keypair;

enum keypair_curve { KEYPAIR_P256, KEYPAIR_P384 };

#define KEYPAIR_ID_SIZE 20

/* The caller frees; reasons are not said. */
enum err keypair_make(
    enum keypair_curve curve, struct keypair **out) MUST_CHECK;
/* A private key in PEM.  ERR_INVALID: not one of ours. */
enum err keypair_parse(
    const struct bytes *pem, struct keypair **out) MUST_CHECK;
void keypair_free(struct keypair *key); /* NULL is fine; wipes */

/* SEC1 in PEM; the caller frees. */
enum err keypair_pem(const struct keypair *key, struct bytes *pem) MUST_CHECK;
/* The SubjectPublicKeyInfo; the caller frees. */
enum err keypair_spki(const struct keypair *key, struct bytes *spki) MUST_CHECK;
/* RFC 5280 4.2.1.2 (1): SHA-1 of the bit string in a SubjectPublicKeyInfo. */
enum err keypair_id(
    struct span spki, unsigned char id[KEYPAIR_ID_SIZE]) MUST_CHECK;

#define KEYPAIR_HASH_SIZE 32

/* SHA-256, for fingerprints. */
enum err keypair_hash(
    struct span bytes, unsigned char hash[KEYPAIR_HASH_SIZE]) MUST_CHECK;

/* ecdsa-with-SHA256 for P-256, ecdsa-with-SHA384 for P-384; dotted, static. */
const char *keypair_signature_oid(const struct keypair *key);
/* An ECDSA-Sig-Value; the caller frees. */
enum err keypair_sign(const struct keypair *key, struct span message,
    struct bytes *signature) MUST_CHECK;

#endif
