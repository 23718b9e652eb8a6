/* keypair.c */

#include "certs/keypair.h"

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/sha1.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "certs/der.h"
#include "identity/oid.h"
#include "identity/reader.h"
#include "ports/port.h"

#define PEM_SIZE  1000 /* a P-384 key takes about 290 */
#define SPKI_SIZE 200

struct keypair {
    mbedtls_pk_context pk;
};

static int system_random(void *unused, unsigned char *bytes, size_t len)
{
    (void)unused;
    return port_random(bytes, len) == ERR_OK ? 0
                                             : MBEDTLS_ERR_PK_BAD_INPUT_DATA;
}

static struct keypair *keypair_new(void)
{
    struct keypair *key;

    /* mbedTLS's pk layer signs through PSA. */
    if (psa_crypto_init() != PSA_SUCCESS)
        return NULL;
    key = calloc(1, sizeof(*key));
    if (key != NULL)
        mbedtls_pk_init(&key->pk);
    return key;
}

void keypair_free(struct keypair *key)
{
    if (key == NULL)
        return;
    mbedtls_pk_free(&key->pk);
    free(key);
}

enum err keypair_make(enum keypair_curve curve, struct keypair **out)
{
    struct keypair *key = keypair_new();

    if (key == NULL)
        return ERR_NO_MEMORY;
    if (mbedtls_pk_setup(
            &key->pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)) != 0 ||
        mbedtls_ecp_gen_key(curve == KEYPAIR_P256 ? MBEDTLS_ECP_DP_SECP256R1
                                                  : MBEDTLS_ECP_DP_SECP384R1,
            mbedtls_pk_ec(key->pk), system_random, NULL) != 0) {
        keypair_free(key);
        return ERR_IO;
    }
    *out = key;
    return ERR_OK;
}

static bool is_ecdsa(const struct keypair *key)
{
    return mbedtls_pk_can_do(&key->pk, MBEDTLS_PK_ECDSA) == 1;
}

enum err keypair_parse(const struct bytes *pem, struct keypair **out)
{
    struct keypair *key = keypair_new();

    if (key == NULL)
        return ERR_NO_MEMORY;
    /* mbedTLS wants the NUL that stands behind every struct bytes counted. */
    if (mbedtls_pk_parse_key(&key->pk, pem->at, pem->len + 1, NULL, 0,
            system_random, NULL) != 0 ||
        !is_ecdsa(key)) {
        keypair_free(key);
        return ERR_INVALID;
    }
    *out = key;
    return ERR_OK;
}

enum err keypair_pem(const struct keypair *key, struct bytes *pem)
{
    unsigned char buffer[PEM_SIZE];
    enum err e = ERR_INVALID;

    if (mbedtls_pk_write_key_pem(&key->pk, buffer, sizeof(buffer)) == 0)
        e = bytes_copy(
            (struct span){buffer, strlen((const char *)buffer)}, pem);
    mbedtls_platform_zeroize(buffer, sizeof(buffer));
    return e;
}

enum err keypair_spki(const struct keypair *key, struct bytes *spki)
{
    unsigned char buffer[SPKI_SIZE];
    int len = mbedtls_pk_write_pubkey_der(&key->pk, buffer, sizeof(buffer));

    if (len < 0)
        return ERR_INVALID;
    return bytes_copy(
        (struct span){buffer + sizeof(buffer) - len, (size_t)len}, spki);
}

enum err keypair_id(struct span spki, unsigned char id[KEYPAIR_ID_SIZE])
{
    struct item whole, algorithm, bits;

    if (!reader_whole(spki, DER_SEQUENCE, &whole) ||
        !reader_take(&whole.content, DER_SEQUENCE, &algorithm) ||
        !reader_take(&whole.content, DER_BIT_STRING, &bits) ||
        bits.content.len < 2)
        return ERR_INVALID;
    if (mbedtls_sha1(bits.content.at + 1, bits.content.len - 1, id) != 0)
        return ERR_INVALID;
    return ERR_OK;
}

enum err keypair_hash(struct span bytes, unsigned char hash[KEYPAIR_HASH_SIZE])
{
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

    return mbedtls_md(md, bytes.at, bytes.len, hash) == 0 ? ERR_OK
                                                          : ERR_INVALID;
}

static bool is_p384(const struct keypair *key)
{
    return mbedtls_pk_get_bitlen(&key->pk) == 384;
}

const char *keypair_signature_oid(const struct keypair *key)
{
    return is_p384(key) ? OID_ECDSA_SHA384 : OID_ECDSA_SHA256;
}

enum err keypair_sign(
    const struct keypair *key, struct span message, struct bytes *signature)
{
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    unsigned char buffer[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t hash_len, len;
    mbedtls_md_type_t type =
        is_p384(key) ? MBEDTLS_MD_SHA384 : MBEDTLS_MD_SHA256;
    const mbedtls_md_info_t *md = mbedtls_md_info_from_type(type);

    hash_len = mbedtls_md_get_size(md);
    /* pk's signer takes a key it may change, though for ECDSA it does not. */
    if (mbedtls_md(md, message.at, message.len, hash) != 0 ||
        mbedtls_pk_sign((mbedtls_pk_context *)&key->pk, type, hash, hash_len,
            buffer, sizeof(buffer), &len, system_random, NULL) != 0)
        return ERR_INVALID;
    return bytes_copy((struct span){buffer, len}, signature);
}
