/* enrolment_fleet.h - one try to get a certificate by AWS IoT fleet
 * provisioning (contract section 4.1): over a connection of its own, with a
 * claim certificate, create-from-csr and then provision.  Never `create`, which
 * makes the key in the cloud. */

#ifndef DEVICE_ENROLMENT_FLEET_H
#define DEVICE_ENROLMENT_FLEET_H

#include "cloud/link.h"
#include "cloud/mqtt.h"
#include "device/enrolment_attempt.h"

struct enrolment_fleet;

/* Borrowed for the attempt's life, and what `link` points to until
 * link_threads() is 0. */
struct enrolment_fleet_options {
    struct loop *loop;
    struct mqtt_room *room;
    struct link_options link; /* with the claim's certificate and key */
    const char *template;
    const char *mark, *mark_text; /* see request_options */
    const char *key_uri;
    const struct thing_name_parts *who;
    const char *thing;
    const struct timefloor *floor;
    uint32_t max_days;
};

/* Events and results are those of an attempt; `why` also "policy" and the like
 * (verdict.h), "rejected", and "thing": the cloud gave it another name.  Steps:
 * "connect", "key", "create-from-csr", "certificate", "provision". */
enum err enrolment_fleet_start(const struct enrolment_fleet_options *options,
    const struct enrolment_attempt_events *events,
    struct enrolment_fleet **out) MUST_CHECK;
void enrolment_fleet_cancel(struct enrolment_fleet *f); /* NULL is fine */

#endif
