/* view.h - a device as one account sees it. */

#ifndef CLOUDD_VIEW_H
#define CLOUDD_VIEW_H

#include "cloudd/app.h"
#include "cloudd/role.h"

/* The Device of docs/protocol.md with the account's role, name and room;
 * `whole` with identity, td and ownership too.  NULL: out of memory; the
 * caller frees. */
struct json *view_device(struct app *app, const char *user, enum role role,
    const struct device *device, bool whole);

/* All that the account may see. */
struct json *view_devices(struct app *app, const char *user);

#endif
