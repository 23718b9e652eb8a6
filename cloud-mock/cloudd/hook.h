/* hook.h - a web hook: alerts as POST to one configured address.
 *
 * The one file of cloudd that knows libcurl.  One thread sends, so that a slow
 * receiver blocks nobody.  The body is {"alerts":…} as docs/protocol.md has an
 * Alert; `X-Nameplate-Signature: sha256=<hex>` is HMAC-SHA256 of the body with
 * the shared secret. */

#ifndef CLOUDD_HOOK_H
#define CLOUDD_HOOK_H

#include "core/err.h"
#include "core/json.h"

#define HOOK_QUEUE                                                             \
    100 /* alerts that wait; the oldest is dropped, and logged                 \
         */
#define HOOK_TRIES 6

struct hook;

/* `url`: http or https, followed nowhere else; `secret` is copied.
 * ERR_INVALID: another kind of address; logged. */
enum err hook_new(
    const char *url, const char *secret, struct hook **out) MUST_CHECK;
void hook_free(struct hook *hook); /* NULL is fine; what waits is dropped */

/* Send it, now or later; takes `alert`.  Without a hook nothing happens. */
void hook_send(struct hook *hook, struct json *alert);

#endif
