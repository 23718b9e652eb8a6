/* policy.h - the trust policy as the configuration wants it, and what keeps it
 * fresh: for `run`, and for `doctor` to look at. */

#ifndef LOCAL_POLICY_H
#define LOCAL_POLICY_H

#include "cloud/proxy.h"
#include "core/err.h"
#include "core/loop.h"
#include "identity/timefloor.h"
#include "identity/trust.h"
#include "local/settings.h"

struct policy;

/* Load anchors, pins, revocation lists (the fetched one too, from the store),
 * the time floor and the proxy's password.  `settings` is borrowed for the
 * policy's life.  Reasons are logged; errors as trust_load. */
enum err policy_open(
    const struct settings *settings, struct policy **out) MUST_CHECK;

/* When http_threads() and link_threads() are 0; NULL is fine. */
void policy_close(struct policy *policy);

const struct trust *policy_broker(const struct policy *policy);
/* Whom to believe as enrolment server; NULL: nobody is asked. */
const struct trust *policy_enrolment(const struct policy *policy);
/* Take the CAs that the enrolment server named as the broker's, as
 * trust_roll_anchors, and keep them in the store.  For enrolment_options.roll.
 * Other errors: they are in use, but not kept. */
enum err policy_roll_anchors(
    void *policy, const struct certs_only *offered) MUST_CHECK;
/* [enrolment] password_file's first line; NULL: none is configured. */
const char *policy_password(const struct policy *policy);
/* The proxy that every connection goes through; NULL: none. */
const struct proxy *policy_proxy(const struct policy *policy);

struct timefloor *policy_floor(const struct policy *policy);

/* Fetch the revocation list again and again, where the configuration says from
 * where; `loop` is borrowed until policy_rest. */
enum err policy_watch(struct policy *policy, struct loop *loop) MUST_CHECK;
void policy_rest(struct policy *policy); /* NULL is fine; does not block */

/* A connection stands: what was learnt from it is written down, and a list that
 * nobody could vouch for before is asked for again. */
void policy_connected(struct policy *policy);

/* The machine slept, or its clock was set: what is due is due by that now. */
void policy_look_at_clock(struct policy *policy);

#endif
