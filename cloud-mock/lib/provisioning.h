/* provisioning.h - fleet provisioning over MQTT (contract section 4.1): a
 * claim, or a device by its own certificate, asks for a certificate and then
 * registers it. */

#ifndef CLOUD_MOCK_PROVISIONING_H
#define CLOUD_MOCK_PROVISIONING_H

#include "cloud-mock/lib/claims.h"
#include "cloud-mock/lib/enrolment.h"

#define PROVISIONING_TOKEN_MS (60 * 60 * 1000) /* an ownership token lives */

struct provisioning {
    struct store *store;
    struct sender *sender;
    struct registry *registry;
    struct enrolment *enrolment; /* NULL: everything is refused */
    /* A claim may certify a key for a thing that a factory certificate is
     * known of. */
    bool take_over;
};

struct provisioning_requester {
    const char *client;
    const char *certificate;         /* its id */
    const struct claim *claim;       /* or */
    const struct store_thing *thing; /* whose own certificate it is */
};

/* Is it one of the topics of requests? */
bool provisioning_is_topic(const char *topic);

/* Answer on <topic>/accepted or /rejected, to the asking client only. */
struct cloud_message;
void provisioning_handle(const struct provisioning *provisioning,
    const struct provisioning_requester *requester,
    const struct cloud_message *message);

#endif
