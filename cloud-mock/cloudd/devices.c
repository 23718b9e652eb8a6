/* devices.c - a list of devices, each a status and what the broker said. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/devices_room.h"

struct devices {
    struct device *first;
    int64_t silent_ms;
    devices_callback *changed;
    void *context;
};

struct devices *devices_new(
    int64_t silent_ms, devices_callback *changed, void *context)
{
    struct devices *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return NULL;
    d->silent_ms = silent_ms;
    d->changed = changed;
    d->context = context;
    return d;
}

void devices_free(struct devices *devices)
{
    struct device *next;

    if (devices == NULL)
        return;
    for (struct device *d = devices->first; d != NULL; d = next) {
        next = d->next;
        json_free(d->thing);
        json_free(d->td);
        json_free(d->enrolment);
        json_free(d->outage);
        json_free(d->dropped);
        free(d);
    }
    free(devices);
}

struct device *devices_find(const struct devices *devices, const char *thing)
{
    struct device *d = devices->first;

    while (d != NULL && strcmp(d->name, thing) != 0)
        d = d->next;
    return d;
}

static bool accepted(const struct device *d)
{
    const char *status =
        json_text(json_get(devices_certificate_of(d), "status"));

    return status == NULL || strcmp(status, "ACTIVE") == 0;
}

static void tick(struct devices *devices, struct device *d, int64_t now_ms)
{
    enum status_state before = d->status.state;

    if (status_tick(&d->status, now_ms, devices->silent_ms))
        devices->changed(devices->context, d, before);
}

static void take_presence(struct device *d, bool connected, int64_t at_ms,
    const struct json *presence)
{
    int64_t version = d->version;

    (void)json_whole(
        json_get(presence, "versionNumber"), 0, JSON_WHOLE_MAX, &version);
    if (connected) {
        d->version = version;
        status_connected(&d->status, at_ms);
    } else if (version >= d->version || !d->status.connected) {
        status_disconnected(&d->status, at_ms,
            json_text(json_get(presence, "disconnectReason")));
    }
}

static void refresh(struct device *d, int64_t now_ms)
{
    const struct json *presence = json_get(d->thing, "presence");
    bool connected = json_is_true(json_get(presence, "connected"));
    int64_t since = devices_time_of(json_get(presence, "since"), 0);

    if (connected || since > 0)
        take_presence(d, connected, since > 0 ? since : now_ms, presence);
    status_block(&d->status, !accepted(d), now_ms);
}

static struct device *add(struct devices *devices)
{
    struct device *d = calloc(1, sizeof(*d));
    struct device **end = &devices->first;

    if (d == NULL)
        return NULL;
    while (*end != NULL)
        end = &(*end)->next;
    *end = d;
    return d;
}

enum err devices_put(struct devices *devices, const struct json *thing,
    int64_t now_ms, bool *is_new)
{
    const char *name = json_text(json_get(thing, "thingName"));
    struct json *copy;
    struct device *d;

    if (name == NULL)
        return ERR_INVALID;
    copy = json_clone(thing);
    d = devices_find(devices, name);
    *is_new = d == NULL;
    if (d == NULL && copy != NULL)
        d = add(devices);
    if (copy == NULL || d == NULL) {
        json_free(copy);
        return ERR_NO_MEMORY;
    }
    json_free(d->thing);
    d->thing = copy;
    d->name = json_text(json_get(copy, "thingName"));
    refresh(d, now_ms);
    if (*is_new)
        (void)status_tick(&d->status, now_ms, devices->silent_ms);
    else
        tick(devices, d, now_ms);
    return ERR_OK;
}

void devices_presence(struct devices *devices, struct device *device,
    const struct json *event, int64_t now_ms)
{
    const char *type = json_text(json_get(event, "eventType"));

    if (type == NULL)
        return;
    if (strcmp(type, "connected") == 0)
        take_presence(device, true,
            devices_time_of(json_get(event, "timestamp"), now_ms), event);
    else if (strcmp(type, "disconnected") == 0)
        take_presence(device, false,
            devices_time_of(json_get(event, "timestamp"), now_ms), event);
    tick(devices, device, now_ms);
}

void devices_heard(
    struct devices *devices, struct device *device, int64_t at_ms)
{
    status_heard(&device->status, at_ms);
    tick(devices, device, at_ms);
}

void devices_set_td(struct device *device, struct json *td)
{
    json_free(device->td);
    device->td = td;
}

void devices_set_enrolment(struct device *device, struct json *enrolment)
{
    json_free(device->enrolment);
    device->enrolment = enrolment;
}

void devices_set_outage(struct device *device, struct json *outage)
{
    json_free(device->outage);
    device->outage = outage;
}

void devices_set_dropped(struct device *device, struct json *dropped)
{
    json_free(device->dropped);
    device->dropped = dropped;
}

void devices_set_agent(struct device *device, const char *version)
{
    (void)snprintf(device->agent, sizeof(device->agent), "%s", version);
}

void devices_tick(struct devices *devices, int64_t now_ms)
{
    for (struct device *d = devices->first; d != NULL; d = d->next)
        tick(devices, d, now_ms);
}

int64_t devices_due(const struct devices *devices)
{
    int64_t due = -1;

    for (struct device *d = devices->first; d != NULL; d = d->next) {
        int64_t one = status_due(&d->status, devices->silent_ms);

        if (one >= 0 && (due < 0 || one < due))
            due = one;
    }
    return due;
}

const char *device_thing(const struct device *device)
{
    return device->name;
}

const struct status *device_status(const struct device *device)
{
    return &device->status;
}

const struct json *device_td(const struct device *device)
{
    return device->td;
}

const struct device *devices_first(const struct devices *devices)
{
    return devices->first;
}

const struct device *device_next(const struct device *device)
{
    return device->next;
}

const struct json *device_enrolment(const struct device *device)
{
    return device->enrolment;
}

const struct json *device_outage(const struct device *device)
{
    return device->outage;
}

const struct json *device_dropped(const struct device *device)
{
    return device->dropped;
}
