/* hit.c */

#include "identity/hit.h"

#include <arpa/inet.h>
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <mbedtls/rsa.h>
#include <string.h>

#define HASHED_BYTES 12 /* 96 bits */
#define MODULUS_MAX  1024
/* RFC 3110: a length, an exponent, the modulus; more than any point takes. */
#define IDENTITY_MAX (3 + 255 + MODULUS_MAX)

/* RFC 7401 5.2.9, "ECC Curve". */
enum { CURVE_P256 = 1, CURVE_P384 = 2 };
#define POINT_MAX (1 + 2 * 48) /* of P-384, SEC 1 */

static const unsigned char context_id[] = {0xf0, 0xef, 0xf0, 0x2f, 0xbf, 0xf4,
    0x3d, 0x0f, 0xe7, 0x93, 0x0c, 0x3c, 0x6e, 0x61, 0x74, 0xea};

/* 2001:20::/28; the last four bits are the suite's. */
static const unsigned char prefix[] = {0x20, 0x01, 0x00, 0x20};

static const mbedtls_md_info_t *hash_of(enum hit_suite suite)
{
    switch (suite) {
    case HIT_RSA_SHA256:
        return mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    case HIT_ECDSA_SHA384:
        return mbedtls_md_info_from_type(MBEDTLS_MD_SHA384);
    }
    return NULL;
}

static enum err hash_all(const mbedtls_md_info_t *md,
    const unsigned char *identity, size_t len,
    unsigned char hash[MBEDTLS_MD_MAX_SIZE])
{
    mbedtls_md_context_t c;
    bool done;

    mbedtls_md_init(&c);
    done = mbedtls_md_setup(&c, md, 0) == 0 && mbedtls_md_starts(&c) == 0 &&
        mbedtls_md_update(&c, context_id, sizeof(context_id)) == 0 &&
        mbedtls_md_update(&c, identity, len) == 0 &&
        mbedtls_md_finish(&c, hash) == 0;
    mbedtls_md_free(&c);
    return done ? ERR_OK : ERR_NO_MEMORY;
}

enum err hit_make(enum hit_suite suite, const unsigned char *identity,
    size_t len, struct hit *out)
{
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    const mbedtls_md_info_t *md = hash_of(suite);
    size_t middle;
    enum err e;

    if (md == NULL)
        return ERR_INVALID;
    e = hash_all(md, identity, len, hash);
    if (e != ERR_OK)
        return e;
    middle = ((size_t)mbedtls_md_get_size(md) - HASHED_BYTES) / 2;
    memcpy(out->bytes, prefix, sizeof(prefix));
    out->bytes[3] = (unsigned char)(out->bytes[3] | (unsigned)suite);
    memcpy(out->bytes + sizeof(prefix), hash + middle, HASHED_BYTES);
    return ERR_OK;
}

/* RFC 7401 5.2.9: two octets for the curve, then the coordinates.  RFC 6090,
 * to which it points for them, knows octet strings of integers only: x and y,
 * each as long as the field, without SEC 1's 0x04 in front. */
static enum err of_point(const mbedtls_ecp_keypair *pair, struct hit *out)
{
    unsigned char identity[1 + POINT_MAX] = {0};
    mbedtls_ecp_group_id curve = mbedtls_ecp_keypair_get_group_id(pair);
    size_t len;

    if (curve != MBEDTLS_ECP_DP_SECP256R1 && curve != MBEDTLS_ECP_DP_SECP384R1)
        return ERR_UNSUPPORTED;
    /* The 0x04 comes to stand where the curve belongs. */
    if (mbedtls_ecp_write_public_key(pair, MBEDTLS_ECP_PF_UNCOMPRESSED, &len,
            identity + 1, sizeof(identity) - 1) != 0)
        return ERR_UNSUPPORTED;
    identity[1] = curve == MBEDTLS_ECP_DP_SECP256R1 ? CURVE_P256 : CURVE_P384;
    return hit_make(HIT_ECDSA_SHA384, identity, 1 + len, out);
}

/* RFC 3110 section 2: the exponent behind its length, then the modulus. */
static enum err of_modulus(
    const mbedtls_mpi *modulus, const mbedtls_mpi *exponent, struct hit *out)
{
    unsigned char identity[IDENTITY_MAX];
    size_t e_len = mbedtls_mpi_size(exponent),
           n_len = mbedtls_mpi_size(modulus);

    /* Longer exponents have a length of three octets, and nobody has them. */
    if (e_len == 0 || e_len > 255 || n_len == 0 || n_len > MODULUS_MAX)
        return ERR_UNSUPPORTED;
    identity[0] = (unsigned char)e_len;
    if (mbedtls_mpi_write_binary(exponent, identity + 1, e_len) != 0 ||
        mbedtls_mpi_write_binary(modulus, identity + 1 + e_len, n_len) != 0)
        return ERR_UNSUPPORTED;
    return hit_make(HIT_RSA_SHA256, identity, 1 + e_len + n_len, out);
}

static enum err of_rsa(const mbedtls_rsa_context *rsa, struct hit *out)
{
    mbedtls_mpi modulus, exponent;
    enum err e = ERR_UNSUPPORTED;

    mbedtls_mpi_init(&modulus);
    mbedtls_mpi_init(&exponent);
    if (mbedtls_rsa_export(rsa, &modulus, NULL, NULL, NULL, &exponent) == 0)
        e = of_modulus(&modulus, &exponent, out);
    mbedtls_mpi_free(&modulus);
    mbedtls_mpi_free(&exponent);
    return e;
}

enum err hit_of_key(const mbedtls_pk_context *key, struct hit *out)
{
    switch ((int)mbedtls_pk_get_type(key)) {
    case MBEDTLS_PK_RSA:
        return of_rsa(mbedtls_pk_rsa(*key), out);
    case MBEDTLS_PK_ECKEY:
    case MBEDTLS_PK_ECDSA:
        return of_point(mbedtls_pk_ec(*key), out);
    default:
        return ERR_UNSUPPORTED;
    }
}

void hit_text(const struct hit *hit, char text[HIT_TEXT_SIZE])
{
    /* It cannot fail: the family is known, the room is INET6_ADDRSTRLEN. */
    if (inet_ntop(AF_INET6, hit->bytes, text, HIT_TEXT_SIZE) == NULL)
        *text = '\0';
}

enum err hit_parse(const char *text, struct hit *out)
{
    struct hit hit;

    if (inet_pton(AF_INET6, text, hit.bytes) != 1 ||
        memcmp(hit.bytes, prefix, sizeof(prefix) - 1) != 0 ||
        (hit.bytes[3] & 0xf0) != prefix[3])
        return ERR_INVALID;
    *out = hit;
    return ERR_OK;
}

bool hit_equal(const struct hit *a, const struct hit *b)
{
    return memcmp(a->bytes, b->bytes, HIT_SIZE) == 0;
}
