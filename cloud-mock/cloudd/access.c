/* access.c */

#include "cloudd/access.h"

#include <string.h>

#include "cloudd/store_accounts.h"
#include "cloudd/store_keys.h"

enum role access_role(struct app *app, const char *user, const char *thing)
{
    return store_user_is_admin(app->store, user)
        ? ROLE_ADMIN
        : store_role(app->store, user, thing);
}

bool access_may_hear(
    void *context, const char *user, const char *name, const char *thing)
{
    struct app *app = context;

    /* What is sealed is for the keys in the record, never for the operator. */
    if (strcmp(name, "sealed") == 0)
        return store_role(app->store, user, thing) != ROLE_NONE;
    if (strcmp(name, "alert") == 0)
        return access_role(app, user, thing) >= ROLE_OWNER;
    return access_role(app, user, thing) != ROLE_NONE;
}
