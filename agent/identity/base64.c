/* base64.c */

#include "identity/base64.h"

#include <mbedtls/base64.h>
#include <stdint.h>
#include <stdlib.h>

struct reading {
    uint32_t bits;  /* of the digits of the group so far */
    unsigned count; /* digits and padding of the group */
    unsigned pad;   /* of the last group, when it has come */
    struct bytes *out;
};

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int value_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

static bool is_canonical(const struct reading *r)
{
    return (r->bits & ((1U << 8 * r->pad) - 1)) == 0;
}

static const char *end_group(struct reading *r)
{
    if (!is_canonical(r))
        return "its last base64 digit has bits that belong to nothing";
    for (unsigned i = 0; i < 3 - r->pad; i++)
        r->out->at[r->out->len++] = (unsigned char)(r->bits >> (16 - 8 * i));
    r->bits = 0;
    r->count = 0;
    return NULL;
}

static const char *take(struct reading *r, unsigned char c)
{
    int value = value_of(c);

    if (r->pad > 0 && (c != '=' || r->count == 0))
        return "base64 goes on behind its padding";
    if (c == '=') {
        if (r->count < 2)
            return "padding of base64 where none can be";
        r->pad++;
    } else if (value < 0) {
        return "a character that is not base64";
    }
    r->bits = r->bits << 6 | (value < 0 ? 0 : (uint32_t)value);
    return ++r->count == 4 ? end_group(r) : NULL;
}

enum err base64_read(struct span text, struct bytes *out, const char **why)
{
    struct bytes made = {malloc(text.len / 4 * 3 + 4), 0};
    struct reading r = {.out = &made};
    const char *fault = NULL;

    if (made.at == NULL)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < text.len && fault == NULL; i++)
        if (!is_space(text.at[i]))
            fault = take(&r, text.at[i]);
    if (fault == NULL && r.count != 0)
        fault = "base64 that ends early: is it cut off?";
    if (fault != NULL) {
        bytes_free(&made);
        *why = fault;
        return ERR_INVALID;
    }
    *out = made;
    return ERR_OK;
}

enum err base64_write(struct span bytes, struct bytes *out)
{
    size_t size = bytes.len / 3 * 4 + 5, len = 0;
    unsigned char *text = malloc(size);

    if (text == NULL)
        return ERR_NO_MEMORY;
    if (mbedtls_base64_encode(text, size, &len, bytes.at, bytes.len) != 0) {
        free(text);
        return ERR_TOO_BIG;
    }
    text[len] = '\0';
    *out = (struct bytes){text, len};
    return ERR_OK;
}
