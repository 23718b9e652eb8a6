/* bytes.h - a piece of memory with its length. */

#ifndef IDENTITY_BYTES_H
#define IDENTITY_BYTES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* Lent: somebody else frees. */
struct span {
    const unsigned char *at;
    size_t len;
};

/* Owned: bytes_free, which wipes. */
struct bytes {
    unsigned char *at;
    size_t len;
};

bool span_equal(struct span a, struct span b);
struct span bytes_span(const struct bytes *bytes);

enum err bytes_copy(struct span from, struct bytes *out) MUST_CHECK;
void bytes_free(struct bytes *bytes); /* leaves it empty */

#endif
