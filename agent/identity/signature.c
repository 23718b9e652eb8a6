/* signature.c - what mbedTLS is not asked.
 *
 * mbedtls_pk_verify_ext gives PSS signatures with any salt to PSA, whatever
 * length is expected; and pk takes BER where DER is meant.  So forms are
 * checked here, and the arithmetic is called below the pk layer. */

#include "identity/signature.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "identity/pem.h"
#include "identity/reader.h"
#include "identity/signature_value.h"
#include "identity/tag.h"

#define PEM_PUBLIC_KEY "PUBLIC KEY"
#define RSA_BITS_MIN   2048
#define RSA_BITS_MAX   8192
#define RSA_EXPONENT   256 /* bits, FIPS 186-5 section 5.1: no slow ones */
#define DER_VALUE_MAX  (SIGNATURE_VALUE_MAX + 16)
#define SALT_BYTES     32 /* RFC 7518 3.5: as long as the hash */

struct signature {
    enum signature_algorithm algorithm;
    mbedtls_pk_context key;
    mbedtls_md_context_t md;
};

static const struct {
    const char *name;
    mbedtls_md_type_t hash;
    mbedtls_ecp_group_id curve; /* NONE: RSA */
    bool der;
} table[] = {
    [SIGNATURE_ES256] = {"es256",     MBEDTLS_MD_SHA256, MBEDTLS_ECP_DP_SECP256R1,
                         false                                                         },
    [SIGNATURE_ES256_DER] = {"es256-der", MBEDTLS_MD_SHA256,
                         MBEDTLS_ECP_DP_SECP256R1,                                 true},
    [SIGNATURE_ES384] = {"es384",     MBEDTLS_MD_SHA384, MBEDTLS_ECP_DP_SECP384R1,
                         false                                                         },
    [SIGNATURE_ES384_DER] = {"es384-der", MBEDTLS_MD_SHA384,
                         MBEDTLS_ECP_DP_SECP384R1,                                 true},
    [SIGNATURE_PS256] = {"ps256",     MBEDTLS_MD_SHA256, MBEDTLS_ECP_DP_NONE,
                         false                                                         },
    [SIGNATURE_RS256] = {"rs256",     MBEDTLS_MD_SHA256, MBEDTLS_ECP_DP_NONE,
                         false                                                         },
};
#define COUNT (sizeof(table) / sizeof(table[0]))

const char *signature_algorithm_name(enum signature_algorithm algorithm)
{
    return table[algorithm].name;
}

bool signature_algorithm_parse(
    const char *name, enum signature_algorithm *algorithm)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(table[i].name, name) == 0) {
            *algorithm = (enum signature_algorithm)i;
            return true;
        }
    }
    return false;
}

/* One SubjectPublicKeyInfo and nothing after it, in one PEM block. */
static enum err parse_key(mbedtls_pk_context *key, const char *pem)
{
    struct bytes der = {NULL, 0}, second = {NULL, 0};
    struct item whole;
    enum err e = pem_next(PEM_PUBLIC_KEY, &pem, &der);

    if (e != ERR_OK)
        return e == ERR_NO_MEMORY ? e : ERR_INVALID;
    if (pem_next(PEM_PUBLIC_KEY, &pem, &second) != ERR_NOT_FOUND ||
        !reader_whole(bytes_span(&der), DER_SEQUENCE, &whole) ||
        mbedtls_pk_parse_public_key(key, der.at, der.len) != 0)
        e = ERR_INVALID;
    bytes_free(&der);
    bytes_free(&second);
    return e;
}

static bool is_rsa_for_us(const mbedtls_pk_context *key)
{
    size_t bits = mbedtls_pk_get_bitlen(key);
    mbedtls_mpi exponent;
    bool fits;

    if (mbedtls_pk_get_type(key) != MBEDTLS_PK_RSA || bits < RSA_BITS_MIN ||
        bits > RSA_BITS_MAX)
        return false;
    mbedtls_mpi_init(&exponent);
    fits = mbedtls_rsa_export(
               mbedtls_pk_rsa(*key), NULL, NULL, NULL, NULL, &exponent) == 0 &&
        mbedtls_mpi_bitlen(&exponent) <= RSA_EXPONENT;
    mbedtls_mpi_free(&exponent);
    return fits;
}

static enum err check_key(
    const mbedtls_pk_context *key, mbedtls_ecp_group_id curve)
{
    bool fits;

    if (curve == MBEDTLS_ECP_DP_NONE)
        fits = is_rsa_for_us(key);
    else
        fits = mbedtls_pk_get_type(key) == MBEDTLS_PK_ECKEY &&
            mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key)) == curve;
    return fits ? ERR_OK : ERR_DENIED;
}

enum err signature_open(
    enum signature_algorithm algorithm, const char *pem, struct signature **out)
{
    struct signature *s = calloc(1, sizeof(*s));
    enum err e;

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->algorithm = algorithm;
    mbedtls_pk_init(&s->key);
    mbedtls_md_init(&s->md);
    e = parse_key(&s->key, pem);
    if (e == ERR_OK)
        e = check_key(&s->key, table[algorithm].curve);
    if (e == ERR_OK &&
        (mbedtls_md_setup(&s->md,
             mbedtls_md_info_from_type(table[algorithm].hash), 0) != 0 ||
            mbedtls_md_starts(&s->md) != 0))
        e = ERR_NO_MEMORY;
    if (e != ERR_OK) {
        signature_close(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void signature_close(struct signature *s)
{
    if (s == NULL)
        return;
    mbedtls_pk_free(&s->key);
    mbedtls_md_free(&s->md);
    free(s);
}

enum err signature_update(struct signature *s, const void *bytes, size_t len)
{
    return mbedtls_md_update(&s->md, bytes, len) == 0 ? ERR_OK : ERR_NO_MEMORY;
}

static enum err check_ecdsa(
    struct signature *s, struct span hash, struct span value)
{
    mbedtls_ecp_group_id curve = table[s->algorithm].curve;
    unsigned char der[DER_VALUE_MAX];
    struct signature_value numbers;
    size_t len;
    enum err e = table[s->algorithm].der
        ? signature_value_der(curve, value, &numbers)
        : signature_value_raw(curve, value, &numbers);

    if (e != ERR_OK)
        return e;
    if (mbedtls_ecdsa_raw_to_der(8 * numbers.size, numbers.bytes,
            2 * numbers.size, der, sizeof(der), &len) != 0 ||
        mbedtls_ecdsa_read_signature(
            mbedtls_pk_ec(s->key), hash.at, hash.len, der, len) != 0)
        return ERR_DENIED;
    return ERR_OK;
}

static enum err check_rsa(
    struct signature *s, struct span hash, struct span value)
{
    mbedtls_rsa_context *rsa = mbedtls_pk_rsa(s->key);
    mbedtls_md_type_t type = table[s->algorithm].hash;
    int wrong;

    /* RFC 8017 8.1.2 and 8.2.2, step 1: not a bit shorter or longer. */
    if (value.len != mbedtls_rsa_get_len(rsa))
        return ERR_DENIED;
    if (s->algorithm == SIGNATURE_PS256)
        wrong = mbedtls_rsa_rsassa_pss_verify_ext(
            rsa, type, (unsigned)hash.len, hash.at, type, SALT_BYTES, value.at);
    else
        wrong = mbedtls_rsa_rsassa_pkcs1_v15_verify(
            rsa, type, (unsigned)hash.len, hash.at, value.at);
    return wrong == 0 ? ERR_OK : ERR_DENIED;
}

enum err signature_finish_hash(struct signature *s, const unsigned char *hash,
    size_t hash_len, const unsigned char *value, size_t len)
{
    const mbedtls_md_info_t *md =
        mbedtls_md_info_from_type(table[s->algorithm].hash);
    const struct span hashed = {hash, hash_len}, given = {value, len};

    if (hash_len != mbedtls_md_get_size(md))
        return ERR_INVALID;
    if (table[s->algorithm].curve == MBEDTLS_ECP_DP_NONE)
        return check_rsa(s, hashed, given);
    return check_ecdsa(s, hashed, given);
}

enum err signature_finish(
    struct signature *s, const unsigned char *value, size_t len)
{
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    const mbedtls_md_info_t *md =
        mbedtls_md_info_from_type(table[s->algorithm].hash);

    if (mbedtls_md_finish(&s->md, hash) != 0)
        return ERR_NO_MEMORY;
    return signature_finish_hash(s, hash, mbedtls_md_get_size(md), value, len);
}
