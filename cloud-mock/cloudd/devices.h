/* devices.h - every device the cloud knows, as a person is told about it.
 *
 * Pure: facts come in with the wall clock (milliseconds); the owner calls
 * devices_tick when devices_due says so.  What comes from a device is kept and
 * handed on, never believed. */

#ifndef CLOUDD_DEVICES_H
#define CLOUDD_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudd/status.h"
#include "core/json.h"

#define DEVICES_TD_MOST 65536 /* bytes of a Thing Description */

struct devices;
struct device;

/* What is shown of `device` changed; `before` is the state shown until now.
 * Not called for a device's first status, which is no change. */
typedef void devices_callback(
    void *context, const struct device *device, enum status_state before);

/* A connected device that says nothing for `silent_ms` is silent. */
struct devices *devices_new(
    int64_t silent_ms, devices_callback *changed, void *context);
void devices_free(struct devices *devices);

/* One Thing as docs/protocol.md has it (borrowed).  ERR_INVALID: it has no
 * thingName.  `*is_new` tells a device not known before. */
enum err devices_put(struct devices *devices, const struct json *thing,
    int64_t now_ms, bool *is_new) MUST_CHECK;

/* NULL: not known. */
struct device *devices_find(const struct devices *devices, const char *thing);

/* A presence event's members, as AWS sends them (borrowed).  A disconnect of
 * an older connection than the present one is ignored. */
void devices_presence(struct devices *devices, struct device *device,
    const struct json *event, int64_t now_ms);
void devices_heard(
    struct devices *devices, struct device *device, int64_t at_ms);
/* Takes `td`, NULL forgets it. */
void devices_set_td(struct device *device, struct json *td);
/* Takes what the device says of its enrolment, NULL forgets it. */
void devices_set_enrolment(struct device *device, struct json *enrolment);
/* Likewise of its last outage, and of what its outbox dropped. */
void devices_set_outage(struct device *device, struct json *outage);
void devices_set_dropped(struct device *device, struct json *dropped);
void devices_set_agent(struct device *device, const char *version);

void devices_tick(struct devices *devices, int64_t now_ms);
int64_t devices_due(const struct devices *devices); /* -1: never */

const char *device_thing(const struct device *device);
const struct status *device_status(const struct device *device);
const struct json *device_td(const struct device *device); /* NULL: none */

/* Walk all: for (d = devices_first(ds); d != NULL; d = device_next(d)). */
const struct device *devices_first(const struct devices *devices);
const struct device *device_next(const struct device *device);

/* When the certificate begins and ends that it showed last: its operational
 * one, if it has one.  In seconds; 0: not known. */
void device_validity(
    const struct device *device, int64_t *begin_s, int64_t *end_s);
const struct json *device_enrolment(const struct device *device); /* NULL */
const struct json *device_outage(const struct device *device);    /* NULL */
const struct json *device_dropped(const struct device *device);   /* NULL */
/* One of its certificates, as the plugin said it; NULL: it has none such. */
const struct json *device_find_certificate(
    const struct device *device, const char *id);

/* The id of the certificate that counts; NULL: none is known. */
const char *device_certificate(const struct device *device);

/* The Device of docs/protocol.md, `whole` with identity and td.  NULL: out of
 * memory; the caller frees. */
struct json *device_json(const struct device *device, bool whole);

#endif
