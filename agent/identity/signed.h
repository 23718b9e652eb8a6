/* signed.h - bytes with a signature, as certificates and CRLs are. */

#ifndef IDENTITY_SIGNED_H
#define IDENTITY_SIGNED_H

#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>

struct signed_bytes {
    const unsigned char *bytes, *signature; /* lent */
    size_t len, signature_len;
    mbedtls_md_type_t md;
    mbedtls_pk_type_t pk;
    const void *options; /* for RSASSA-PSS, as mbedTLS parsed them */
};

struct signed_bytes signed_certificate(const mbedtls_x509_crt *certificate);

/* Did the owner of `key` sign it?  Strength is not looked at. */
bool signed_check(const struct signed_bytes *s, const mbedtls_pk_context *key);

/* SHA-256, SHA-384 or SHA-512? */
bool signed_is_strong(const struct signed_bytes *s);

/* P-256, P-384, or RSA from 2048 to 4096 bits with an exponent of at most 32
 * bits?  Of others not even a signature is looked at: with an exponent as long
 * as the modulus that takes many times as long. */
bool signed_key_is_strong(const mbedtls_pk_context *key);

#endif
