/* registry.h - things and certificates: just-in-time registration, states,
 * revocation (contract sections 4.2 and 4.3). */

#ifndef CLOUD_MOCK_REGISTRY_H
#define CLOUD_MOCK_REGISTRY_H

#include <stdbool.h>

#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store_registry.h"
#include "cloud-mock/lib/topic.h"

struct registry;

struct registry_options {
    /* Files or folders of registered CAs; borrowed for life. */
    const char *const *authorities;
    size_t authority_count;
    /* AWS drops the connection that made it register a certificate. */
    bool drop_first;
    /* Just-in-time registration: what is registered by itself is
     * PENDING_ACTIVATION until somebody makes it ACTIVE. */
    bool pending;
};

/* Store and sender are borrowed for life. */
enum err registry_open(const struct registry_options *options,
    struct store *store, struct sender *sender,
    struct registry **out) MUST_CHECK;
void registry_close(struct registry *registry); /* NULL is fine */

/* Read the CAs anew; on failure the old ones stay. */
enum err registry_reload(struct registry *registry) MUST_CHECK;

enum registry_answer {
    REGISTRY_WELCOME,
    REGISTRY_COME_AGAIN, /* registered just now: drop this connection */
    REGISTRY_REFUSED     /* the log says why */
};

struct registry_visitor {
    const void *der; /* of the certificate, verified by the TLS layer */
    size_t len;
    const char *client;
};

/* May this certificate connect under this client id?  Only when the id is the
 * CN, and the CN is what O, OU and serialNumber map to.  A certificate that is
 * not known is registered if a registered CA of its vendor signed it. */
enum registry_answer registry_admit(struct registry *registry,
    const struct registry_visitor *visitor, char id[STORE_ID_SIZE]);

struct registry_proof {
    const void *der; /* of a certificate, verified by the TLS layer */
    size_t len;
};

struct registry_person {
    struct store_thing thing;
    char certificate[STORE_ID_SIZE];
};

/* Whose certificate is this, for a service beside MQTT?  As registry_admit: one
 * that is not known is registered.  ERR_DENIED: `*why` says why it proves
 * nothing (static). */
enum err registry_prove(struct registry *registry,
    const struct registry_proof *proof, struct registry_person *out,
    const char **why) MUST_CHECK;

/* May a thing of this nameplate have its name?  NULL, or why not (static). */
const char *registry_judge_thing(
    struct registry *registry, const struct store_thing *thing);

/* Tell the privileged side what is known of a thing now. */
void registry_tell(struct registry *registry, const char *thing);

/* Set AWS's status.  ERR_INVALID: no such status; ERR_NOT_FOUND: no such
 * certificate; ERR_CONFLICT: it stands on the operational CA's list.  On
 * success `thing` names its owner. */
enum err registry_set_status(struct registry *registry, const char *id,
    const char *status, char thing[TOPIC_THING_SIZE]) MUST_CHECK;

#endif
