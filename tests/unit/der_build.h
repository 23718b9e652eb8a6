/* der_build.h - DER that a test puts together, in hexadecimal. */

#ifndef TESTS_DER_BUILD_H
#define TESTS_DER_BUILD_H

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"

#define DER_HEX 65536

struct der_hex {
    char hex[DER_HEX];
};

static inline struct der_hex der_join(const char *a, const char *b)
{
    struct der_hex out;
    size_t first = strlen(a), second = strlen(b);

    assert_true(first + second < DER_HEX);
    memcpy(out.hex, a, first);
    memcpy(out.hex + first, b, second + 1);
    return out;
}

/* An item with this tag ("30") around `content`, which is hexadecimal. */
static inline struct der_hex der_item(const char *tag, const char *content)
{
    unsigned len = (unsigned)(strlen(content) / 2);
    struct der_hex out;
    char head[20];

    if (len < 0x80)
        (void)snprintf(head, sizeof(head), "%.2s%02x", tag, len);
    else if (len < 0x100)
        (void)snprintf(head, sizeof(head), "%.2s81%02x", tag, len);
    else
        (void)snprintf(head, sizeof(head), "%.2s82%04x", tag, len);
    out = der_join(head, content);
    return out;
}

#endif
