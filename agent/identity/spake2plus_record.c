/* spake2plus_record.c */

#include "identity/spake2plus_record.h"

#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

#include "identity/pbkdf2.h"

/* RFC 9383 section 3.2: ceil(log2 n) + 64 bits, so that w mod n is even. */
#define WIDE   40
#define INFO   "nameplate pass code"
#define LENGTH 8

static unsigned char *put(unsigned char *at, struct span part)
{
    for (size_t i = 0; i < LENGTH; i++)
        *at++ = (unsigned char)((uint64_t)part.len >> (8 * i));
    if (part.len > 0)
        memcpy(at, part.at, part.len);
    return at + part.len;
}

static enum err stretch(
    const struct spake2plus_code *code, unsigned char key[PBKDF2_BYTES])
{
    size_t len =
        3 * LENGTH + code->code.len + code->prover.len + code->verifier.len;
    unsigned char *input = malloc(len), *at;
    enum err e;

    if (input == NULL)
        return ERR_NO_MEMORY;
    at = put(input, code->code);
    at = put(at, code->prover);
    (void)put(at, code->verifier);
    e = pbkdf2_sha256(
        (struct span){input, len}, code->salt, code->iterations, key);
    mbedtls_platform_zeroize(input, len);
    free(input);
    return e;
}

enum err spake2plus_stretch(
    const struct spake2plus_code *code, struct spake2plus_secrets *out)
{
    unsigned char key[PBKDF2_BYTES], wide[2 * WIDE];
    enum err e = stretch(code, key);

    if (e == ERR_OK &&
        mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), NULL, 0, key,
            sizeof(key), (const unsigned char *)INFO, strlen(INFO), wide,
            sizeof(wide)) != 0)
        e = ERR_NO_MEMORY;
    if (e == ERR_OK)
        e = p256_reduce((struct span){wide, WIDE}, out->w0);
    if (e == ERR_OK)
        e = p256_reduce((struct span){wide + WIDE, WIDE}, out->w1);
    mbedtls_platform_zeroize(key, sizeof(key));
    mbedtls_platform_zeroize(wide, sizeof(wide));
    return e;
}

enum err spake2plus_register(
    const struct spake2plus_secrets *secrets, struct spake2plus_record *out)
{
    enum err e = p256_multiply(secrets->w1, p256_base, out->l);

    if (e == ERR_OK)
        memcpy(out->w0, secrets->w0, sizeof(out->w0));
    return e;
}
