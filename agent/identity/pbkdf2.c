/* pbkdf2.c - the two hashes that have read the padded key are kept and cloned:
 * an iteration is two runs of SHA-256's compression, not four. */

#include "identity/pbkdf2.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <stdbool.h>
#include <string.h>

#define BLOCK 64 /* bytes, of SHA-256 */

struct hmac {
    mbedtls_sha256_context inner, outer, running;
};

static bool begin(mbedtls_sha256_context *hash, const unsigned char key[BLOCK],
    unsigned char pad)
{
    unsigned char padded[BLOCK];
    bool done;

    for (size_t i = 0; i < BLOCK; i++)
        padded[i] = key[i] ^ pad;
    done = mbedtls_sha256_starts(hash, 0) == 0 &&
        mbedtls_sha256_update(hash, padded, BLOCK) == 0;
    mbedtls_platform_zeroize(padded, sizeof(padded));
    return done;
}

/* RFC 2104: a key longer than a block is hashed first. */
static bool hmac_begin(struct hmac *h, struct span key)
{
    unsigned char block[BLOCK] = {0};
    bool done = true;

    if (key.len > BLOCK)
        done = mbedtls_sha256(key.at, key.len, block, 0) == 0;
    else if (key.len > 0)
        memcpy(block, key.at, key.len);
    done =
        done && begin(&h->inner, block, 0x36) && begin(&h->outer, block, 0x5c);
    mbedtls_platform_zeroize(block, sizeof(block));
    return done;
}

static bool hmac_end(struct hmac *h, unsigned char out[PBKDF2_BYTES])
{
    unsigned char hash[PBKDF2_BYTES];

    if (mbedtls_sha256_finish(&h->running, hash) != 0)
        return false;
    mbedtls_sha256_clone(&h->running, &h->outer);
    return mbedtls_sha256_update(&h->running, hash, sizeof(hash)) == 0 &&
        mbedtls_sha256_finish(&h->running, out) == 0;
}

static bool first(
    struct hmac *h, struct span salt, unsigned char out[PBKDF2_BYTES])
{
    static const unsigned char number[] = {0, 0, 0, 1}; /* of the block */

    mbedtls_sha256_clone(&h->running, &h->inner);
    return mbedtls_sha256_update(&h->running, salt.at, salt.len) == 0 &&
        mbedtls_sha256_update(&h->running, number, sizeof(number)) == 0 &&
        hmac_end(h, out);
}

static bool next(struct hmac *h, unsigned char u[PBKDF2_BYTES])
{
    mbedtls_sha256_clone(&h->running, &h->inner);
    return mbedtls_sha256_update(&h->running, u, PBKDF2_BYTES) == 0 &&
        hmac_end(h, u);
}

enum err pbkdf2_sha256(struct span password, struct span salt,
    uint32_t iterations, unsigned char out[PBKDF2_BYTES])
{
    unsigned char u[PBKDF2_BYTES], sum[PBKDF2_BYTES];
    struct hmac h;
    bool done;

    if (iterations == 0)
        return ERR_INVALID;
    mbedtls_sha256_init(&h.inner);
    mbedtls_sha256_init(&h.outer);
    mbedtls_sha256_init(&h.running);
    done = hmac_begin(&h, password) && first(&h, salt, u);
    memcpy(sum, u, sizeof(sum));
    for (uint32_t i = 1; done && i < iterations; i++) {
        done = next(&h, u);
        for (size_t b = 0; b < sizeof(sum); b++)
            sum[b] ^= u[b];
    }
    if (done)
        memcpy(out, sum, PBKDF2_BYTES);
    mbedtls_sha256_free(&h.inner);
    mbedtls_sha256_free(&h.outer);
    mbedtls_sha256_free(&h.running);
    mbedtls_platform_zeroize(u, sizeof(u));
    mbedtls_platform_zeroize(sum, sizeof(sum));
    return done ? ERR_OK : ERR_UNSUPPORTED;
}
