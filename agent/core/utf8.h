/* utf8.h - is it UTF-8 (RFC 3629)?  NUL is not, surrogates are not. */

#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length of the sequence that begins at `bytes`, 1 to 4, of at most `left`
 * bytes; 0 when it is malformed or cut off. */
size_t utf8_length(const void *bytes, size_t left);

bool utf8_valid(const void *bytes, size_t len);

#endif
