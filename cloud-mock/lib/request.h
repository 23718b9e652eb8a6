/* request.h - what a privileged client asks of the cloud (docs/protocol.md). */

#ifndef CLOUD_MOCK_REQUEST_H
#define CLOUD_MOCK_REQUEST_H

#include "cloud-mock/lib/claims.h"
#include "cloud-mock/lib/enrolment.h"
#include "cloud-mock/lib/presence.h"
#include "cloud-mock/lib/registry.h"
#include "cloud-mock/lib/shadow.h"

struct cloud_message;

struct request_services {
    struct store *store;
    struct sender *sender;
    struct registry *registry;
    struct presence *presence;
    struct shadows *shadows;
    struct enrolment *enrolment; /* NULL: there is no operational CA */
    struct claims *claims;
    bool *strict;        /* a test may change it */
    struct rates *rates; /* ... and switch them */
};

/* Answer on $nameplate/cloud/<client>/response if the topic is this client's
 * request topic; otherwise do nothing. */
void request_handle(const struct request_services *services,
    const struct cloud_message *message);

#endif
