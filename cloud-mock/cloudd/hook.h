/* hook.h - web hooks: alerts as POST to the addresses that people gave.
 *
 * hook*.c are the files of cloudd that know libcurl.  One thread carries all
 * letters; those to one receiver go one after the other, those to several at
 * the same time, so that a slow receiver holds up nobody else.  The body is
 * {"alerts":…} as docs/protocol.md has an Alert; `X-Nameplate-Signature:
 * sha256=<hex>` is HMAC-SHA256 of the body with the shared secret. */

#ifndef CLOUDD_HOOK_H
#define CLOUDD_HOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"

#define HOOK_QUEUE   100 /* wait for one receiver; then the oldest goes */
#define HOOK_TRIES   6
#define HOOK_WAIT_MS 1000 /* the usual one */
#define HOOK_URL     500  /* bytes of an address, at most */

struct hook;

/* How a try went, on the loop: `fault` (lent) says for people why the receiver
 * has not got it, NULL: it has.  `again`: it is tried again. */
struct hook_outcome {
    const char *to, *fault;
    bool again;
};
typedef void hook_callback(void *context, const struct hook_outcome *outcome);

struct hook_options {
    struct loop *loop; /* borrowed for life, as is `trust` */
    const char *trust; /* CAs that receivers may have, a file of PEM */
    int64_t wait_ms;   /* before the second try; doubles with each further */
    hook_callback *done;
    void *context;
};

struct hook_receiver {
    const char *to; /* whose it is: an account, or "" for the operator's */
    const char *url, *secret;
    bool private_too; /* may it be in our own network? */
};

enum err hook_new(
    const struct hook_options *options, struct hook **out) MUST_CHECK;
/* NULL is fine; what waits is dropped.  An outcome that is on its way comes
 * with the next turn or loop_flush. */
void hook_free(struct hook *hook);

/* NULL: an address that may be one, else why not (static): https, or, when
 * `private_too`, http to this machine; no name or password in it. */
const char *hook_fault(const char *url, bool private_too);

/* Send it, now or later; takes `alert`.  All of `to` is copied. */
void hook_send(
    struct hook *hook, const struct hook_receiver *to, struct json *alert);

/* How many wait for this receiver? */
unsigned hook_waiting(struct hook *hook, const char *to);
/* Drop what waits for it: it has another address, or none. */
void hook_forget(struct hook *hook, const char *to);

#endif
