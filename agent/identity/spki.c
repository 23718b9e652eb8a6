/* spki.c */

#include "identity/spki.h"

#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <psa/crypto.h>
#include <string.h>

#include "identity/oid.h"

static mbedtls_md_type_t hash_of(const char *algorithm)
{
    if (strcmp(algorithm, OID_ECDSA_SHA256) == 0)
        return MBEDTLS_MD_SHA256;
    if (strcmp(algorithm, OID_ECDSA_SHA384) == 0)
        return MBEDTLS_MD_SHA384;
    return MBEDTLS_MD_NONE;
}

static bool is_genuine(mbedtls_pk_context *key, const struct spki_signed *what)
{
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    mbedtls_md_type_t type = hash_of(what->algorithm);
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(type);

    return md != NULL &&
        mbedtls_md(md, what->message.at, what->message.len, hash) == 0 &&
        mbedtls_pk_verify(key, type, hash, mbedtls_md_get_size(md),
            what->signature.at, what->signature.len) == 0;
}

enum err spki_verify(struct span spki, const struct spki_signed *what)
{
    mbedtls_pk_context key;
    enum err e = ERR_OK;

    /* mbedTLS's pk layer verifies through PSA. */
    if (psa_crypto_init() != PSA_SUCCESS)
        return ERR_NO_MEMORY;
    mbedtls_pk_init(&key);
    if (mbedtls_pk_parse_public_key(&key, spki.at, spki.len) != 0 ||
        mbedtls_pk_can_do(&key, MBEDTLS_PK_ECDSA) != 1)
        e = ERR_INVALID;
    else if (!is_genuine(&key, what))
        e = ERR_DENIED;
    mbedtls_pk_free(&key);
    return e;
}
