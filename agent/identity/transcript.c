/* transcript.c */

#include "identity/transcript.h"

#include <mbedtls/sha256.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH 8

struct span transcript_text(const char *text)
{
    return (struct span){(const unsigned char *)text, strlen(text)};
}

enum err transcript_join(
    const struct span *fields, size_t count, struct bytes *out)
{
    size_t len = 0;
    unsigned char *at;

    for (size_t i = 0; i < count; i++)
        len += LENGTH + fields[i].len;
    at = malloc(len + 1);
    if (at == NULL)
        return ERR_NO_MEMORY;
    *out = (struct bytes){at, len};
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < LENGTH; k++)
            *at++ = (unsigned char)((uint64_t)fields[i].len >> (8 * k));
        if (fields[i].len > 0)
            memcpy(at, fields[i].at, fields[i].len);
        at += fields[i].len;
    }
    return ERR_OK;
}

enum err transcript_hash(const struct span *fields, size_t count,
    unsigned char hash[TRANSCRIPT_HASH])
{
    struct bytes joined;
    enum err e = transcript_join(fields, count, &joined);

    if (e != ERR_OK)
        return e;
    e = transcript_sha256(bytes_span(&joined), hash);
    bytes_free(&joined);
    return e;
}

enum err transcript_sha256(
    struct span bytes, unsigned char hash[TRANSCRIPT_HASH])
{
    return mbedtls_sha256(bytes.at, bytes.len, hash, 0) == 0 ? ERR_OK : ERR_IO;
}
