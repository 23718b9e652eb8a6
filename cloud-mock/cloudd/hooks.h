/* hooks.h - whose web hook hears of which alert: the operator's of all, an
 * account's of the devices that it owns. */

#ifndef CLOUDD_HOOKS_H
#define CLOUDD_HOOKS_H

#include "cloudd/app.h"
#include "cloudd/hook.h"
#include "cloudd/things.h"

#define HOOKS_TEST_MS 5000 /* from one test of an account to the next */

/* Where a receiver's CA is looked for, unless the operator says another file.
 */
#define HOOKS_TRUST "/etc/ssl/certs/ca-certificates.crt"

/* Send it to all who should hear of it; takes `alert`. */
void hooks_tell(struct app *app, const char *thing, struct json *alert);

/* A hook_callback, of the app: keep how it went. */
void hooks_outcome(void *context, const struct hook_outcome *outcome);

/* Handlers of /api/hook and /api/hook/test. */
void hooks_show(struct things_request *q);
void hooks_put(struct things_request *q);
void hooks_remove(struct things_request *q);
void hooks_test(struct things_request *q);

#endif
