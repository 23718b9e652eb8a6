/* pin.c */

#include "identity/pin.h"

#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <string.h>

#define PREFIX "sha256//"
#define SPACE  " \t,"

static bool read_one(const char *word, size_t len, unsigned char *hash)
{
    unsigned char bytes[PIN_BYTES + 3];
    size_t got = 0;

    if (len < sizeof(PREFIX) || strncmp(word, PREFIX, strlen(PREFIX)) != 0)
        return false;
    word += strlen(PREFIX);
    len -= strlen(PREFIX);
    if (mbedtls_base64_decode(bytes, sizeof(bytes), &got,
            (const unsigned char *)word, len) != 0 ||
        got != PIN_BYTES)
        return false;
    memcpy(hash, bytes, PIN_BYTES);
    return true;
}

static bool differ(const struct pins *pins)
{
    for (size_t i = 1; i < pins->count; i++)
        if (memcmp(pins->hashes[i], pins->hashes[0], PIN_BYTES) != 0)
            return true;
    return false;
}

enum err pins_parse(const char *text, struct pins *out)
{
    struct pins pins = {.count = 0};

    for (const char *p = text + strspn(text, SPACE); *p != '\0';) {
        size_t len = strcspn(p, SPACE);

        if (pins.count == PIN_MAX || !read_one(p, len, pins.hashes[pins.count]))
            return ERR_INVALID;
        pins.count++;
        p += len;
        p += strspn(p, SPACE);
    }
    if (!differ(&pins))
        return ERR_INVALID;
    *out = pins;
    return ERR_OK;
}

bool pins_hold(const struct pins *pins, const mbedtls_x509_crt *certificate)
{
    unsigned char hash[PIN_BYTES];

    if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
            certificate->pk_raw.p, certificate->pk_raw.len, hash) != 0)
        return false;
    for (size_t i = 0; i < pins->count; i++)
        if (memcmp(pins->hashes[i], hash, PIN_BYTES) == 0)
            return true;
    return false;
}
