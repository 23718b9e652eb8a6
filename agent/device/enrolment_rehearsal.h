/* enrolment_rehearsal.h - what a broker says to a device that wants to be
 * provisioned, without a certificate being made: for `enrol --dry-run`. */

#ifndef DEVICE_ENROLMENT_REHEARSAL_H
#define DEVICE_ENROLMENT_REHEARSAL_H

#include "cloud/link.h"
#include "cloud/mqtt.h"
#include "core/loop.h"
#include "device/enrolment_attempt.h"

struct enrolment_rehearsal;

/* Borrowed for the rehearsal's life, and what `link` points to until
 * link_threads() is 0. */
struct enrolment_rehearsal_options {
    struct loop *loop;
    struct mqtt_room *room;
    struct link_options link; /* with the claim's certificate and key; for
                                 just-in-time provisioning the factory's */
    const char *template;     /* of fleet provisioning; NULL: just-in-time */
};

/* Steps: "connect"; with a template "subscribe", "create-from-csr" and
 * "provision", which are asked what no cloud grants: how it says no tells
 * whether it was allowed to ask.  `step` with `good` for what was not looked
 * at, called "not checked".  `ended` once. */
struct enrolment_rehearsal_events {
    void (*step)(void *context, const struct enrolment_step *step);
    void (*ended)(void *context, bool good);
    void *context;
};

/* A client id of its own is used: under the thing's name it would take the
 * agent's place, and messages that wait for it.  Errors as
 * enrolment_fleet_start. */
enum err enrolment_rehearsal_start(
    const struct enrolment_rehearsal_options *options,
    const struct enrolment_rehearsal_events *events,
    struct enrolment_rehearsal **out) MUST_CHECK;

#endif
