/* box.c - a box is the counter (8 bytes, big-endian), then what GCM made of the
 * text, then its tag. */

#include "identity/box.h"

#include <mbedtls/gcm.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

#define COUNTER  8
#define TAG      16
#define NONCE    12
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- keys ------------------------------------------------------------------
 */

static enum err derive(struct span salt, struct span secret, struct span info,
    unsigned char *out, size_t len)
{
    return mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), salt.at,
               salt.len, secret.at, secret.len, info.at, info.len, out,
               len) == 0
        ? ERR_OK
        : ERR_NO_MEMORY;
}

static const char keys_label[] = "nameplate-keys-v1";

enum err box_keys_of_claim(const unsigned char agreed[BOX_KEY],
    const unsigned char channel[BOX_CHANNEL], struct box_keys *out)
{
    const struct span fields[] = {
        transcript_text(keys_label), {channel, BOX_CHANNEL}
    };
    unsigned char all[3 * BOX_KEY];
    struct bytes info;
    enum err e = transcript_join(fields, COUNT(fields), &info);

    if (e != ERR_OK)
        return e;
    e = derive((struct span){NULL, 0}, (struct span){agreed, BOX_KEY},
        bytes_span(&info), all, sizeof(all));
    bytes_free(&info);
    if (e == ERR_OK) {
        memcpy(out->user, all, BOX_KEY);
        memcpy(out->device, all + BOX_KEY, BOX_KEY);
        memcpy(out->psk, all + 2 * (size_t)BOX_KEY, BOX_KEY);
    }
    mbedtls_platform_zeroize(all, sizeof(all));
    return e;
}

static enum err mix(const struct box_meeting *m,
    const unsigned char point[P256_POINT], struct box_keys *out)
{
    static const unsigned char none[BOX_KEY];
    const struct span fields[] = {
        transcript_text(keys_label), {m->channel, BOX_CHANNEL    },
        {m->hash,    TRANSCRIPT_HASH}
    };
    unsigned char all[2 * BOX_KEY];
    struct bytes info;
    enum err e = transcript_join(fields, COUNT(fields), &info);

    if (e != ERR_OK)
        return e;
    e = derive((struct span){m->psk == NULL ? none : m->psk, BOX_KEY},
        (struct span){point + 1, P256_SCALAR}, bytes_span(&info), all,
        sizeof(all));
    bytes_free(&info);
    if (e == ERR_OK) {
        memcpy(out->user, all, BOX_KEY);
        memcpy(out->device, all + BOX_KEY, BOX_KEY);
    }
    mbedtls_platform_zeroize(all, sizeof(all));
    return e;
}

enum err box_keys_of_meeting(
    const struct box_meeting *meeting, struct box_keys *out)
{
    unsigned char point[P256_POINT];
    enum err e = p256_multiply(meeting->scalar, meeting->share, point);

    if (e == ERR_OK)
        e = mix(meeting, point, out);
    mbedtls_platform_zeroize(point, sizeof(point));
    return e;
}

/* --- boxes -----------------------------------------------------------------
 */

static void put_counter(uint64_t counter, unsigned char out[COUNTER])
{
    for (int i = COUNTER - 1; i >= 0; i--, counter >>= 8)
        out[i] = (unsigned char)counter;
}

static uint64_t get_counter(const unsigned char bytes[COUNTER])
{
    uint64_t counter = 0;

    for (size_t i = 0; i < COUNTER; i++)
        counter = counter << 8 | bytes[i];
    return counter;
}

/* The key set up, and the associated data; `gcm` is freed by the caller. */
static enum err prepare(
    const struct box_place *place, mbedtls_gcm_context *gcm, struct bytes *aad)
{
    const struct span fields[] = {
        transcript_text("nameplate-box-v1"), {place->channel, BOX_CHANNEL},
        transcript_text(place->from == BOX_USER ? "user" : "device")
    };

    if (mbedtls_gcm_setkey(
            gcm, MBEDTLS_CIPHER_ID_AES, place->key, 8 * BOX_KEY) != 0)
        return ERR_NO_MEMORY;
    return transcript_join(fields, COUNT(fields), aad);
}

static enum err encrypt(const struct box_place *place, struct span text,
    const unsigned char nonce[NONCE], unsigned char *out)
{
    mbedtls_gcm_context gcm;
    struct bytes aad = {NULL, 0};
    enum err e;

    mbedtls_gcm_init(&gcm);
    e = prepare(place, &gcm, &aad);
    if (e == ERR_OK &&
        mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, text.len, nonce,
            NONCE, aad.at, aad.len, text.at, out, TAG, out + text.len) != 0)
        e = ERR_IO;
    bytes_free(&aad);
    mbedtls_gcm_free(&gcm);
    return e;
}

enum err box_seal(const struct box_place *place, uint64_t counter,
    struct span text, struct bytes *out)
{
    unsigned char nonce[NONCE] = {0};
    struct bytes box = {NULL, text.len + BOX_EXTRA};
    enum err e;

    if (text.len > BOX_TEXT)
        return ERR_TOO_BIG;
    box.at = malloc(box.len);
    if (box.at == NULL)
        return ERR_NO_MEMORY;
    put_counter(counter, box.at);
    memcpy(nonce + NONCE - COUNTER, box.at, COUNTER);
    e = encrypt(place, text, nonce, box.at + COUNTER);
    if (e == ERR_OK)
        *out = box;
    else
        bytes_free(&box);
    return e;
}

static enum err decrypt(
    const struct box_place *place, struct span box, struct bytes *text)
{
    unsigned char nonce[NONCE] = {0};
    const unsigned char *body = box.at + COUNTER;
    mbedtls_gcm_context gcm;
    struct bytes aad = {NULL, 0};
    enum err e;

    memcpy(nonce + NONCE - COUNTER, box.at, COUNTER);
    mbedtls_gcm_init(&gcm);
    e = prepare(place, &gcm, &aad);
    if (e == ERR_OK &&
        mbedtls_gcm_auth_decrypt(&gcm, text->len, nonce, NONCE, aad.at, aad.len,
            body + text->len, TAG, body, text->at) != 0)
        e = ERR_DENIED;
    bytes_free(&aad);
    mbedtls_gcm_free(&gcm);
    return e;
}

enum err box_open(const struct box_place *place, uint64_t *counter,
    struct span box, struct bytes *text)
{
    struct bytes out;
    enum err e;

    if (box.len < BOX_EXTRA || box.len > BOX_TEXT + BOX_EXTRA ||
        get_counter(box.at) <= *counter)
        return ERR_DENIED;
    out = (struct bytes){malloc(box.len), box.len - BOX_EXTRA};
    if (out.at == NULL)
        return ERR_NO_MEMORY;
    e = decrypt(place, box, &out);
    if (e != ERR_OK) {
        bytes_free(&out);
        return e;
    }
    *counter = get_counter(box.at);
    *text = out;
    return ERR_OK;
}
