/* eku.c */

#include "identity/eku.h"

#include <string.h>

#include "identity/oid.h"
#include "identity/tag.h"

#define PURPOSES_MAX 3 /* with the NULL */

static const struct {
    const char *name;
    const char *purposes[PURPOSES_MAX];
} table[] = {
    [EKU_CLIENT] = {"client",        {OID_CLIENT_AUTH}                 },
    [EKU_CLIENT_SERVER] = {"client+server", {OID_CLIENT_AUTH, OID_SERVER_AUTH}},
    [EKU_NONE] = {"none",          {NULL}                            },
};
#define COUNT (sizeof(table) / sizeof(table[0]))

const char *eku_name(enum eku eku)
{
    return table[eku].name;
}

bool eku_parse(const char *name, enum eku *eku)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(table[i].name, name) == 0) {
            *eku = (enum eku)i;
            return true;
        }
    }
    return false;
}

const char *const *eku_purposes(enum eku eku)
{
    return eku == EKU_NONE ? NULL : table[eku].purposes;
}

/* Are these the purposes, all of them, in their order? */
static bool is_list(struct span list, const char *const *purposes)
{
    struct item purpose;
    char oid[READER_OID_SIZE];

    for (; *purposes != NULL; purposes++)
        if (!reader_take(&list, DER_OID, &purpose) ||
            !reader_oid(purpose.content, oid) || strcmp(oid, *purposes) != 0)
            return false;
    return list.len == 0;
}

bool eku_of(const struct view *v, enum eku *eku)
{
    const struct view_extension *x = view_extension(v, OID_EXTENDED_KEY_USAGE);
    struct item list;

    if (x == NULL) {
        *eku = EKU_NONE;
        return true;
    }
    if (x->critical || !reader_whole(x->value, DER_SEQUENCE, &list))
        return false;
    for (size_t i = 0; i < COUNT; i++) {
        if (i != EKU_NONE && is_list(list.content, table[i].purposes)) {
            *eku = (enum eku)i;
            return true;
        }
    }
    return false;
}

enum eku eku_of_ca(enum eku device)
{
    return device == EKU_CLIENT_SERVER ? EKU_CLIENT_SERVER : EKU_CLIENT;
}

bool eku_permits(enum eku ca, enum eku below)
{
    /* A device that says nothing has no more than its CAs permit. */
    return ca != EKU_CLIENT || below != EKU_CLIENT_SERVER;
}
