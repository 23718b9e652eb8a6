/* utf8.c - the table of RFC 3629, walked. */

#include "core/utf8.h"

size_t utf8_length(const void *bytes, size_t left)
{
    /* RFC 3629 section 4, without NUL. */
    static const struct {
        unsigned char lead_first, lead_last, next_first, next_last;
        size_t len;
    } forms[] = {
        {0x01, 0x7f, 0,    0,    1},
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    const unsigned char *p = bytes;

    for (size_t i = 0; left > 0 && i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (p[0] < forms[i].lead_first || p[0] > forms[i].lead_last)
            continue;
        if (forms[i].len > left)
            return 0;
        if (forms[i].len > 1 &&
            (p[1] < forms[i].next_first || p[1] > forms[i].next_last))
            return 0;
        for (size_t k = 2; k < forms[i].len; k++)
            if ((p[k] & 0xc0) != 0x80)
                return 0;
        return forms[i].len;
    }
    return 0;
}

bool utf8_valid(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    size_t step;

    for (size_t i = 0; i < len; i += step) {
        step = utf8_length(p + i, len - i);
        if (step == 0)
            return false;
    }
    return true;
}
