/* cloud.h - the whole cloud, as a broker sees it: it tells of connections,
 * messages and ticks, and asks what is allowed.  What the cloud says and does
 * leaves through the seam.  One thread. */

#ifndef CLOUD_MOCK_CLOUD_H
#define CLOUD_MOCK_CLOUD_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud-mock/lib/claims.h"
#include "cloud-mock/lib/enrolment.h"
#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/presence.h"
#include "cloud-mock/lib/seam.h"

struct cloud;

struct cloud_options {
    const char *database;
    const char *const *authorities; /* files or folders; borrowed for life */
    size_t authority_count;
    bool strict;     /* AWS's limits, and its way to answer what is denied */
    bool drop_first; /* the connection that registers a certificate */
    bool rates;      /* AWS's rates, see rates.h */
    bool pending;    /* just-in-time registration, see registry.h */
    struct enrolment_options enrolment; /* no folder: none */
    struct claims_options claims;
    bool claims_take_over; /* see provisioning.h */
};

/* On failure the log says why. */
enum err cloud_open(const struct cloud_options *options,
    const struct seam *seam, struct cloud **out) MUST_CHECK;
void cloud_close(struct cloud *cloud); /* NULL is fine */

/* Read the registered CAs anew; on failure the old ones stay. */
enum err cloud_reload(struct cloud *cloud) MUST_CHECK;

struct cloud_connection {
    const char *client;
    const void *certificate; /* DER, verified by the TLS layer */
    size_t certificate_len;
    const char *ip;
    const void *connection; /* tells connections of one client apart */
    bool privileged;        /* a local administrator: has no certificate */
};

enum cloud_welcome {
    CLOUD_WELCOME,
    CLOUD_DROP,  /* close without a word; it will come again */
    CLOUD_REFUSE /* not authorised */
};

/* Somebody wants to connect; also asked again about who is connected.  The id
 * of a privileged client has no ':', that of a thing has; "claim-..." is that
 * of a claim. */
enum cloud_welcome cloud_connect(
    struct cloud *cloud, const struct cloud_connection *connection);
void cloud_disconnect(struct cloud *cloud, const char *client,
    const void *connection, enum presence_reason reason);

/* The will that came with a CONNECT, told before the tick that completes the
 * arrival.  False: the CONNECT fails for it. */
bool cloud_will(struct cloud *cloud, const char *client, const char *topic);

/* Are the rates switched on? */
bool cloud_has_rates(const struct cloud *cloud);

enum cloud_action {
    CLOUD_PUBLISH,
    CLOUD_SUBSCRIBE,
    CLOUD_UNSUBSCRIBE,
    CLOUD_RECEIVE
};

struct cloud_access {
    const char *client; /* one that was welcome */
    enum cloud_action action;
    const char *topic; /* or filter */
    size_t len;        /* of the payload, as for the rest: publishing only */
    int qos;
    bool retain;
    int mqtt_version; /* 3, 4 (3.1.1) or 5 */
    bool further;     /* filter: not the first one of its SUBSCRIBE */
};

/* No database is asked: this comes for every message. */
enum verdict cloud_may(struct cloud *cloud, const struct cloud_access *access);

/* A message that was allowed; the cloud acts if it is one of its topics. */
struct cloud_message {
    const char *client;
    const char *topic;
    const void *payload;
    size_t len;
};
void cloud_message(struct cloud *cloud, const struct cloud_message *message);

/* Often, and at the end of whatever the broker does at once. */
void cloud_tick(struct cloud *cloud);

#endif
