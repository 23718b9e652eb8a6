/* role.c */

#include "cloudd/role.h"

#include <string.h>

const char *role_name(enum role role)
{
    switch (role) {
    case ROLE_NONE:
        return "none";
    case ROLE_VIEWER:
        return "viewer";
    case ROLE_OPERATOR:
        return "operator";
    case ROLE_OWNER:
        return "owner";
    case ROLE_ADMIN:
        return "admin";
    }
    return "none";
}

enum role role_of_member(const char *name)
{
    if (name == NULL)
        return ROLE_NONE;
    if (strcmp(name, "viewer") == 0)
        return ROLE_VIEWER;
    return strcmp(name, "operator") == 0 ? ROLE_OPERATOR : ROLE_NONE;
}
