/* proof.c - over mbedTLS; everything here is public, nothing is secret. */

#include "cloudd/proof.h"

#include <mbedtls/ecdsa.h>
#include <mbedtls/sha256.h>
#include <stdint.h>
#include <string.h>

#include "core/log.h"
#include "ports/port.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int value_of(char c)
{
    const char *found = c != '\0' ? strchr(alphabet, c) : NULL;

    return found != NULL ? (int)(found - alphabet) : -1;
}

bool proof_decode(const char *text, void *bytes, size_t size, size_t *len)
{
    unsigned char *out = bytes;
    uint32_t held = 0;
    unsigned bits = 0;
    size_t at = 0;

    for (; *text != '\0'; text++) {
        int value = value_of(*text);

        if (value < 0)
            return false;
        held = (held << 6 | (uint32_t)value) & 0xffff;
        bits += 6;
        if (bits < 8)
            continue;
        if (at == size)
            return false;
        bits -= 8;
        out[at++] = (unsigned char)(held >> bits & 0xff);
    }
    if (bits >= 6 || (held & ((1U << bits) - 1)) != 0)
        return false;
    *len = at;
    return true;
}

void proof_encode(const void *bytes, size_t len, char *text)
{
    const unsigned char *in = bytes;
    uint32_t held = 0;
    unsigned bits = 0;

    for (size_t i = 0; i < len; i++) {
        held = (held << 8 | in[i]) & 0xffff;
        for (bits += 8; bits >= 6; bits -= 6)
            *text++ = alphabet[held >> (bits - 6) & 63];
    }
    if (bits > 0)
        *text++ = alphabet[held << (6 - bits) & 63];
    *text = '\0';
}

static int hash_field(
    mbedtls_sha256_context *sha, const struct proof_field *field)
{
    unsigned char length[8];
    uint64_t left = field->len;

    for (size_t i = 0; i < sizeof(length); i++, left >>= 8)
        length[i] = (unsigned char)(left & 0xff);
    return mbedtls_sha256_update(sha, length, sizeof(length)) != 0 ||
        mbedtls_sha256_update(sha, field->bytes, field->len) != 0;
}

enum err proof_hash(const struct proof_field *fields, size_t count,
    unsigned char hash[PROOF_HASH])
{
    mbedtls_sha256_context sha;
    int failed;

    mbedtls_sha256_init(&sha);
    failed = mbedtls_sha256_starts(&sha, 0) != 0;
    for (size_t i = 0; i < count && !failed; i++)
        failed = hash_field(&sha, &fields[i]);
    failed = failed || mbedtls_sha256_finish(&sha, hash) != 0;
    mbedtls_sha256_free(&sha);
    if (failed)
        log_error("proof", "SHA-256 failed");
    return failed ? ERR_IO : ERR_OK;
}

enum err proof_sha256(
    const void *bytes, size_t len, unsigned char hash[PROOF_HASH])
{
    if (mbedtls_sha256(bytes, len, hash, 0) == 0)
        return ERR_OK;
    log_error("proof", "SHA-256 failed");
    return ERR_IO;
}

/* The point behind base64url; it is on the curve and not at infinity. */
static bool take_point(
    mbedtls_ecp_group *group, mbedtls_ecp_point *point, const char *key)
{
    unsigned char bytes[PROOF_POINT];
    size_t len;

    return proof_decode(key, bytes, sizeof(bytes), &len) &&
        len == sizeof(bytes) && bytes[0] == 4 &&
        mbedtls_ecp_group_load(group, MBEDTLS_ECP_DP_SECP256R1) == 0 &&
        mbedtls_ecp_point_read_binary(group, point, bytes, len) == 0 &&
        mbedtls_ecp_check_pubkey(group, point) == 0;
}

bool proof_is_key(const char *key)
{
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    bool is;

    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    is = take_point(&group, &point, key);
    mbedtls_ecp_point_free(&point);
    mbedtls_ecp_group_free(&group);
    return is;
}

static int random_bytes(void *context, unsigned char *out, size_t len)
{
    (void)context;
    return port_random(out, len) == ERR_OK ? 0 : MBEDTLS_ERR_ECP_RANDOM_FAILED;
}

enum err proof_random_key(char key[PROOF_KEY_SIZE])
{
    unsigned char bytes[PROOF_POINT];
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    mbedtls_mpi d;
    size_t len;
    int failed;

    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&d);
    failed = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) != 0 ||
        mbedtls_ecp_gen_keypair(&group, &d, &point, random_bytes, NULL) != 0 ||
        mbedtls_ecp_point_write_binary(&group, &point,
            MBEDTLS_ECP_PF_UNCOMPRESSED, &len, bytes, sizeof(bytes)) != 0;
    mbedtls_mpi_free(&d);
    mbedtls_ecp_point_free(&point);
    mbedtls_ecp_group_free(&group);
    if (failed)
        return ERR_IO;
    proof_encode(bytes, sizeof(bytes), key);
    return ERR_OK;
}

static bool verify(mbedtls_ecp_group *group, const mbedtls_ecp_point *point,
    const unsigned char raw[PROOF_SIGNATURE],
    const unsigned char digest[PROOF_HASH])
{
    mbedtls_mpi r, s;
    bool right;

    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    right = mbedtls_mpi_read_binary(&r, raw, 32) == 0 &&
        mbedtls_mpi_read_binary(&s, raw + 32, 32) == 0 &&
        mbedtls_ecdsa_verify(group, digest, PROOF_HASH, point, &r, &s) == 0;
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
    return right;
}

bool proof_verify(const char *key, const char *signature,
    const unsigned char hash[PROOF_HASH])
{
    unsigned char raw[PROOF_SIGNATURE], digest[PROOF_HASH];
    mbedtls_ecp_group group;
    mbedtls_ecp_point point;
    size_t len;
    bool right;

    if (!proof_decode(signature, raw, sizeof(raw), &len) ||
        len != sizeof(raw) || proof_sha256(hash, PROOF_HASH, digest) != ERR_OK)
        return false;
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&point);
    right =
        take_point(&group, &point, key) && verify(&group, &point, raw, digest);
    mbedtls_ecp_point_free(&point);
    mbedtls_ecp_group_free(&group);
    return right;
}
