/* hex.h - bytes that a test writes in hexadecimal. */

#ifndef TESTS_HEX_H
#define TESTS_HEX_H

#include <string.h>

#include "cmocka_all.h"

#define HEX_ROOM 1024

struct hex_bytes {
    unsigned char bytes[HEX_ROOM];
    size_t len;
};

static inline unsigned char hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = strchr(digits, c);

    assert_true(c != '\0' && found != NULL);
    return (unsigned char)(found - digits);
}

/* Whole octets, in lower case. */
static inline struct hex_bytes hex_read(const char *hex)
{
    struct hex_bytes v = {.len = strlen(hex) / 2};

    assert_true(v.len <= HEX_ROOM && strlen(hex) % 2 == 0);
    for (size_t i = 0; i < v.len; i++)
        v.bytes[i] = (unsigned char)(hex_digit(hex[2 * i]) << 4 |
            hex_digit(hex[2 * i + 1]));
    return v;
}

#endif
