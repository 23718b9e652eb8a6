/* signed.c */

#include "identity/signed.h"

#include <mbedtls/md.h>

#define RSA_BITS_MIN     2048
#define RSA_BITS_MAX     4096 /* PSA takes no more */
#define RSA_EXPONENT_MAX 32   /* bits; longer ones only cost us time */

struct signed_bytes signed_certificate(const mbedtls_x509_crt *c)
{
    return (struct signed_bytes){.bytes = c->tbs.p,
        .len = c->tbs.len,
        .signature = c->MBEDTLS_PRIVATE(sig).p,
        .signature_len = c->MBEDTLS_PRIVATE(sig).len,
        .md = c->MBEDTLS_PRIVATE(sig_md),
        .pk = c->MBEDTLS_PRIVATE(sig_pk),
        .options = c->MBEDTLS_PRIVATE(sig_opts)};
}

bool signed_check(const struct signed_bytes *s, const mbedtls_pk_context *key)
{
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(s->md);
    mbedtls_pk_context *lent = (mbedtls_pk_context *)key; /* it changes none */

    return md != NULL && mbedtls_pk_can_do(key, s->pk) &&
        mbedtls_md(md, s->bytes, s->len, hash) == 0 &&
        mbedtls_pk_verify_ext(s->pk, s->options, lent, s->md, hash,
            mbedtls_md_get_size(md), s->signature, s->signature_len) == 0;
}

bool signed_is_strong(const struct signed_bytes *s)
{
    return s->md == MBEDTLS_MD_SHA256 || s->md == MBEDTLS_MD_SHA384 ||
        s->md == MBEDTLS_MD_SHA512;
}

static bool has_short_exponent(const mbedtls_pk_context *key)
{
    mbedtls_mpi e;
    bool is_short;

    mbedtls_mpi_init(&e);
    is_short = mbedtls_rsa_export(
                   mbedtls_pk_rsa(*key), NULL, NULL, NULL, NULL, &e) == 0 &&
        mbedtls_mpi_bitlen(&e) <= RSA_EXPONENT_MAX;
    mbedtls_mpi_free(&e);
    return is_short;
}

bool signed_key_is_strong(const mbedtls_pk_context *key)
{
    size_t bits = mbedtls_pk_get_bitlen(key);

    if (mbedtls_pk_can_do(key, MBEDTLS_PK_RSA))
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX &&
            has_short_exponent(key);
    /* Curve25519 has no signatures; the config has no third NIST curve. */
    return mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) &&
        (bits == 256 || bits == 384);
}
