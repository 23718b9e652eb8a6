/* access.h - who may do what with which device. */

#ifndef CLOUDD_ACCESS_H
#define CLOUDD_ACCESS_H

#include <stdbool.h>

#include "cloudd/app.h"
#include "cloudd/role.h"

/* An admin's is ROLE_ADMIN for every device; else what the device's ownership
 * record gives to the account's keys. */
enum role access_role(struct app *app, const char *user, const char *thing);

/* May this account hear the event `name` about `thing`?  Callback of
 * events_new, context `struct app`. */
bool access_may_hear(
    void *context, const char *user, const char *name, const char *thing);

#endif
