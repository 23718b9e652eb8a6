/* base64url.c */

#include "core/base64url.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_encode(const void *bytes, size_t len, char *text)
{
    const unsigned char *at = bytes;
    unsigned bits = 0, held = 0;

    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8 | at[i]) & 0xffff;
        for (held += 8; held >= 6; held -= 6)
            *text++ = alphabet[bits >> (held - 6) & 63];
    }
    if (held > 0)
        *text++ = alphabet[bits << (6 - held) & 63];
    *text = '\0';
}

enum err base64url_decode(
    const char *text, void *bytes, size_t size, size_t *len)
{
    unsigned char *out = bytes;
    size_t count = strlen(text), done = 0;
    unsigned bits = 0, held = 0;

    if (count % 4 == 1)
        return ERR_INVALID;
    if (count / 4 * 3 + count % 4 * 3 / 4 > size)
        return ERR_TOO_BIG;
    for (; *text != '\0'; text++) {
        const char *found = strchr(alphabet, *text);

        if (found == NULL)
            return ERR_INVALID;
        bits = (bits << 6 | (unsigned)(found - alphabet)) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[done++] = (unsigned char)(bits >> held & 0xff);
        }
    }
    if ((bits & ((1U << held) - 1)) != 0)
        return ERR_INVALID;
    *len = done;
    return ERR_OK;
}

enum err base64url_exact(const char *text, void *bytes, size_t len)
{
    size_t got = 0;

    if (text == NULL || strlen(text) != BASE64URL_SIZE(len) - 1 ||
        base64url_decode(text, bytes, len, &got) != ERR_OK)
        return ERR_INVALID;
    return got == len ? ERR_OK : ERR_INVALID;
}
