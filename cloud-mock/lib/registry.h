/* registry.h - things and certificates: just-in-time registration, states,
 * revocation (contract sections 4.2 and 4.3). */

#ifndef CLOUD_MOCK_REGISTRY_H
#define CLOUD_MOCK_REGISTRY_H

#include <stdbool.h>

#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store.h"
#include "cloud-mock/lib/topic.h"

struct registry;

struct registry_options {
    /* Files or folders of registered CAs; borrowed for life. */
    const char *const *authorities;
    size_t authority_count;
    /* AWS drops the connection that made it register a certificate. */
    bool drop_first;
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

/* Set AWS's status.  ERR_INVALID: no such status; ERR_NOT_FOUND: no such
 * certificate.  On success `thing` names its owner. */
enum err registry_set_status(struct registry *registry, const char *id,
    const char *status, char thing[TOPIC_THING_SIZE]) MUST_CHECK;

#endif
