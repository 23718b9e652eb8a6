/* secret.c - the digest is mbedTLS's SHA-256. */

#include "cloudd/secret.h"

#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <string.h>

#include "core/log.h"
#include "ports/port.h"

static void to_hex(const unsigned char bytes[32], char hex[SECRET_SIZE])
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < 32; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[64] = '\0';
}

enum err secret_new(char token[SECRET_SIZE])
{
    unsigned char bytes[32];
    enum err e = port_random(bytes, sizeof(bytes));

    if (e == ERR_OK)
        to_hex(bytes, token);
    return e;
}

enum err secret_digest(
    const char *purpose, const char *token, char digest[SECRET_SIZE])
{
    mbedtls_sha256_context sha;
    unsigned char bytes[32];
    int failed;

    mbedtls_sha256_init(&sha);
    failed = mbedtls_sha256_starts(&sha, 0) != 0 ||
        mbedtls_sha256_update(
            &sha, (const unsigned char *)purpose, strlen(purpose)) != 0 ||
        mbedtls_sha256_update(&sha, (const unsigned char *)":", 1) != 0 ||
        mbedtls_sha256_update(
            &sha, (const unsigned char *)token, strlen(token)) != 0 ||
        mbedtls_sha256_finish(&sha, bytes) != 0;
    mbedtls_sha256_free(&sha);
    if (failed) {
        log_error("secret", "SHA-256 failed");
        return ERR_IO;
    }
    to_hex(bytes, digest);
    return ERR_OK;
}

enum err secret_hmac(const char *key, const char *text, char mac[SECRET_SIZE])
{
    unsigned char bytes[32];

    if (mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
            (const unsigned char *)key, strlen(key),
            (const unsigned char *)text, strlen(text), bytes) != 0) {
        log_error("secret", "HMAC failed");
        return ERR_IO;
    }
    to_hex(bytes, mac);
    return ERR_OK;
}

bool secret_equal(const char *a, const char *b)
{
    size_t len = strlen(a);
    unsigned char differs = 0;

    if (strlen(b) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        differs = (unsigned char)(differs | (a[i] ^ b[i]));
    return differs == 0;
}
