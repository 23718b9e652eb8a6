/* spake2plus_keys.c */

#include "identity/spake2plus_keys.h"

#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <stdint.h>
#include <string.h>

const unsigned char spake2plus_m[P256_POINT] = {0x04, 0x88, 0x6e, 0x2f, 0x97,
    0xac, 0xe4, 0x6e, 0x55, 0xba, 0x9d, 0xd7, 0x24, 0x25, 0x79, 0xf2, 0x99,
    0x3b, 0x64, 0xe1, 0x6e, 0xf3, 0xdc, 0xab, 0x95, 0xaf, 0xd4, 0x97, 0x33,
    0x3d, 0x8f, 0xa1, 0x2f, 0x5f, 0xf3, 0x55, 0x16, 0x3e, 0x43, 0xce, 0x22,
    0x4e, 0x0b, 0x0e, 0x65, 0xff, 0x02, 0xac, 0x8e, 0x5c, 0x7b, 0xe0, 0x94,
    0x19, 0xc7, 0x85, 0xe0, 0xca, 0x54, 0x7d, 0x55, 0xa1, 0x2e, 0x2d, 0x20};
const unsigned char spake2plus_n[P256_POINT] = {0x04, 0xd8, 0xbb, 0xd6, 0xc6,
    0x39, 0xc6, 0x29, 0x37, 0xb0, 0x4d, 0x99, 0x7f, 0x38, 0xc3, 0x77, 0x07,
    0x19, 0xc6, 0x29, 0xd7, 0x01, 0x4d, 0x49, 0xa2, 0x4b, 0x4f, 0x98, 0xba,
    0xa1, 0x29, 0x2b, 0x49, 0x07, 0xd6, 0x0a, 0xa6, 0xbf, 0xad, 0xe4, 0x50,
    0x08, 0xa6, 0x36, 0x33, 0x7f, 0x51, 0x68, 0xc6, 0x4d, 0x9b, 0xd3, 0x60,
    0x34, 0x80, 0x8c, 0xd5, 0x64, 0x49, 0x0b, 0x1e, 0x65, 0x6e, 0xdb, 0xe7};

#define POINT(p) ((struct span){(p), P256_POINT})

static int hash_part(mbedtls_md_context_t *md, struct span part)
{
    unsigned char length[8];
    int status;

    for (size_t i = 0; i < sizeof(length); i++)
        length[i] = (unsigned char)((uint64_t)part.len >> (8 * i));
    status = mbedtls_md_update(md, length, sizeof(length));
    return status != 0 ? status : mbedtls_md_update(md, part.at, part.len);
}

/* TT of section 3.3, hashed as it is put together. */
static int hash_transcript(const struct spake2plus_names *names,
    const struct spake2plus_transcript *t, const unsigned char w0[P256_SCALAR],
    unsigned char hash[SPAKE2PLUS_HASH])
{
    const struct span parts[] = {
        names->context, names->prover, names->verifier, POINT(spake2plus_m),
        POINT(spake2plus_n), POINT(t->share_p), POINT(t->share_v), POINT(t->z),
        POINT(t->v), {w0, P256_SCALAR}
    };
    mbedtls_md_context_t md;
    int status;

    mbedtls_md_init(&md);
    status =
        mbedtls_md_setup(&md, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), 0);
    if (status == 0)
        status = mbedtls_md_starts(&md);
    for (size_t i = 0; status == 0 && i < sizeof(parts) / sizeof(*parts); i++)
        status = hash_part(&md, parts[i]);
    if (status == 0)
        status = mbedtls_md_finish(&md, hash);
    mbedtls_md_free(&md);
    return status;
}

static int expand(const unsigned char key[SPAKE2PLUS_HASH], const char *info,
    unsigned char *out, size_t len)
{
    return mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), NULL, 0,
        key, SPAKE2PLUS_HASH, (const unsigned char *)info, strlen(info), out,
        len);
}

enum err spake2plus_keys_derive(const struct spake2plus_names *names,
    const struct spake2plus_transcript *transcript,
    const unsigned char w0[P256_SCALAR], struct spake2plus_keys *out)
{
    unsigned char confirm[2 * SPAKE2PLUS_HASH];
    int status = hash_transcript(names, transcript, w0, out->main);

    if (status == 0)
        status =
            expand(out->main, "ConfirmationKeys", confirm, sizeof(confirm));
    if (status == 0)
        status =
            expand(out->main, "SharedKey", out->shared, sizeof(out->shared));
    if (status == 0) {
        memcpy(out->confirm_p, confirm, SPAKE2PLUS_HASH);
        memcpy(out->confirm_v, confirm + SPAKE2PLUS_HASH, SPAKE2PLUS_HASH);
    }
    mbedtls_platform_zeroize(confirm, sizeof(confirm));
    return status == 0 ? ERR_OK : ERR_NO_MEMORY;
}

enum err spake2plus_keys_confirm(const unsigned char key[SPAKE2PLUS_HASH],
    const unsigned char share[P256_POINT],
    unsigned char out[SPAKE2PLUS_CONFIRM])
{
    return mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key,
               SPAKE2PLUS_HASH, share, P256_POINT, out) == 0
        ? ERR_OK
        : ERR_NO_MEMORY;
}
