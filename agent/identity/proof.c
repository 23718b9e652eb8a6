/* proof.c */

#include "identity/proof.h"

#include <stddef.h>

static const char *const names[] = {"none", "encrypted", "pinned", "vendor",
    "vendor+model", "exact device", "owner"};

const char *proof_name(enum proof proof)
{
    return names[proof];
}

static bool same(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (*a != *b && !(*a == ' ' && *b == '-'))
            return false;
    return *a == *b;
}

bool proof_parse(const char *name, enum proof *out)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (same(names[i], name)) {
            *out = (enum proof)i;
            return true;
        }
    return false;
}
