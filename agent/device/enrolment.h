/* enrolment.h - the operational identity: enrolled, renewed in time, tried on
 * the broker before it is kept; and the factory's as the way back
 * (docs/enrolment.md). */

#ifndef DEVICE_ENROLMENT_H
#define DEVICE_ENROLMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/link.h"
#include "cloud/mqtt.h"
#include "cloud/proxy.h"
#include "cloud/session.h"
#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"
#include "identity/certs_only.h"
#include "identity/nameplate.h"
#include "identity/timefloor.h"
#include "identity/trust.h"

struct enrolment;

enum enrolment_method {
    ENROLMENT_NONE,
    ENROLMENT_EST,
    ENROLMENT_FLEET, /* AWS IoT fleet provisioning */
    ENROLMENT_JITP   /* the cloud registers the factory certificate */
};

struct enrolment_options {
    enum enrolment_method method;
    const char *url, *label;     /* of the EST server; label or NULL */
    const char *user, *password; /* or NULL */
    const char *template;        /* of fleet provisioning */
    struct mqtt_room *room;      /* ... */
    struct link_options claim;   /* ... with the claim's certificate */
    const char *key_home;        /* see generations_open */
    unsigned percent;            /* see enrolment_plan.h */
    uint32_t max_days;
    const struct trust *trust;  /* whom to believe as EST server */
    const struct trust *broker; /* for the TLS sessions that are kept */
    const struct proxy *proxy;  /* or NULL */
    struct timefloor *floor;    /* raised by what the broker takes */
    struct loop *loop;
    const char *folder; /* of the store */
    bool resume;        /* keep TLS sessions */
    const struct nameplate *nameplate;
    struct session_identity factory;
    /* Take the CAs that the EST server names as anchors for the broker; NULL:
     * it is not asked for that. */
    enum err (*roll)(void *roller, const struct certs_only *offered);
    void *roller;
};

/* Everything is borrowed until the enrolment is freed.  Reads what is on the
 * disk: what cannot be used is logged, and the factory's is shown. */
enum err enrolment_new(
    const struct enrolment_options *options, struct enrolment **out) MUST_CHECK;

/* What the session shows at first. */
struct session_identity enrolment_identity(const struct enrolment *e);

/* Begin to live; before the session starts.  ERR_NO_MEMORY, ERR_TOO_BIG. */
enum err enrolment_watch(
    struct enrolment *e, struct session *session) MUST_CHECK;

/* Nothing comes any more; before the session is freed. */
void enrolment_rest(struct enrolment *e); /* NULL is fine */

/* When link_threads(), http_threads(), request_threads() and discard_threads()
 * are 0. */
void enrolment_free(struct enrolment *e); /* NULL is fine */

/* Enrol or renew now.  ERR_UNSUPPORTED: there is no method for it; ERR_EXISTS:
 * it is under way. */
enum err enrolment_now(struct enrolment *e) MUST_CHECK;

/* The machine slept, or its clock was set: what is due is due by that now. */
void enrolment_look_at_clock(struct enrolment *e);

/* docs/protocol.md, nameplate/<t>/enrolment, with more of what people want to
 * know when `all`; NULL: out of memory. */
struct json *enrolment_json(const struct enrolment *e, bool all);

#endif
