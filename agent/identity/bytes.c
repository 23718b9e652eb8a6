/* bytes.c */

#include "identity/bytes.h"

#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

struct span bytes_span(const struct bytes *bytes)
{
    return (struct span){bytes->at, bytes->len};
}

enum err bytes_copy(struct span from, struct bytes *out)
{
    unsigned char *copy = malloc(from.len + 1);

    if (copy == NULL)
        return ERR_NO_MEMORY;
    if (from.len > 0)
        memcpy(copy, from.at, from.len);
    copy[from.len] = '\0'; /* so that text can be read as a string */
    out->at = copy;
    out->len = from.len;
    return ERR_OK;
}

void bytes_free(struct bytes *bytes)
{
    if (bytes->at != NULL)
        mbedtls_platform_zeroize(bytes->at, bytes->len);
    free(bytes->at);
    *bytes = (struct bytes){NULL, 0};
}
