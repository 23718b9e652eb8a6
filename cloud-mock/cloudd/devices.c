/* devices.c - a list of devices, each a status and what the broker said. */

#include "cloudd/devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"

struct device {
    struct device *next;
    struct json *thing; /* as the plugin said it last */
    struct json *td;
    struct json *enrolment; /* as the device said it last */
    struct json *outage;    /* likewise */
    struct json *dropped;   /* likewise */
    const char *name;       /* lives in `thing` */
    struct status status;
    int64_t version; /* of the connection, counted by the broker */
    char agent[32];
};

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

/* The certificate that counts: the first accepted one, else the first. */
static const struct json *certificate(const struct device *d)
{
    const struct json *list = json_get(d->thing, "certificates");

    for (struct json *c = json_first(list); c != NULL; c = json_next(c)) {
        const char *status = json_text(json_get(c, "status"));

        if (status != NULL && strcmp(status, "ACTIVE") == 0)
            return c;
    }
    return json_first(list);
}

static bool accepted(const struct device *d)
{
    const char *status = json_text(json_get(certificate(d), "status"));

    return status == NULL || strcmp(status, "ACTIVE") == 0;
}

static void tick(struct devices *devices, struct device *d, int64_t now_ms)
{
    enum status_state before = d->status.state;

    if (status_tick(&d->status, now_ms, devices->silent_ms))
        devices->changed(devices->context, d, before);
}

static int64_t time_of(const struct json *value, int64_t otherwise)
{
    int64_t ms = otherwise;

    (void)json_whole(value, 1, JSON_WHOLE_MAX, &ms);
    return ms;
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
    int64_t since = time_of(json_get(presence, "since"), 0);

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
        take_presence(
            device, true, time_of(json_get(event, "timestamp"), now_ms), event);
    else if (strcmp(type, "disconnected") == 0)
        take_presence(device, false,
            time_of(json_get(event, "timestamp"), now_ms), event);
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

/* The accepted certificate that was shown last, else the one that counts. */
static const struct json *in_use(const struct device *d)
{
    const struct json *best = certificate(d);
    int64_t seen = time_of(json_get(best, "lastSeenAt"), 0);

    for (struct json *c = json_first(json_get(d->thing, "certificates"));
         c != NULL; c = json_next(c)) {
        const char *status = json_text(json_get(c, "status"));
        int64_t at = time_of(json_get(c, "lastSeenAt"), 0);

        if (status != NULL && strcmp(status, "ACTIVE") == 0 && at > seen) {
            best = c;
            seen = at;
        }
    }
    return best;
}

void device_validity(
    const struct device *device, int64_t *begin_s, int64_t *end_s)
{
    const struct json *c = in_use(device);

    *begin_s = time_of(json_get(c, "notBefore"), 0);
    *end_s = time_of(json_get(c, "notAfter"), 0);
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

const struct json *device_find_certificate(
    const struct device *device, const char *id)
{
    const struct json *list = json_get(device->thing, "certificates");

    for (struct json *c = json_first(list); c != NULL; c = json_next(c)) {
        const char *one = json_text(json_get(c, "certificateId"));

        if (one != NULL && strcmp(one, id) == 0)
            return c;
    }
    return NULL;
}

const char *device_certificate(const struct device *device)
{
    return json_text(json_get(certificate(device), "certificateId"));
}

/* Never NULL: what the state means, for offline why. */
static const char *status_words(const struct device *d)
{
    const char *certificate_status =
        json_text(json_get(certificate(d), "status"));

    switch (d->status.state) {
    case STATUS_NEVER:
        return "has not connected yet";
    case STATUS_ONLINE:
        return "connected and heard from";
    case STATUS_SILENT:
        return "connected, but nothing comes from it";
    case STATUS_OFFLINE:
        return status_reason_words(d->status.reason);
    case STATUS_BLOCKED:
        return certificate_status != NULL &&
                strcmp(certificate_status, "REVOKED") == 0
            ? "its certificate was revoked"
            : "its certificate is switched off";
    }
    return "";
}

static struct json *status_json(const struct device *d)
{
    const struct status *s = &d->status;
    bool why = s->state == STATUS_OFFLINE && s->reason[0] != '\0';
    struct json *o = json_new_object();

    return fields_end(o,
        fields_text(o, "state", status_name(s->state)) &&
            fields_number(o, "since", (double)s->since_ms) &&
            fields_text(o, "text", status_words(d)) &&
            fields_text(o, "reason", why ? s->reason : NULL) &&
            fields_number(o, "lastHeard", (double)s->heard_ms));
}

static bool copy(struct json *o, const char *key, const struct json *from,
    const char *from_key)
{
    return fields_copy(o, key, json_get(from, from_key));
}

static struct json *identity_json(const struct device *d)
{
    const struct json *c = certificate(d);
    struct json *o = json_new_object();

    return fields_end(o,
        copy(o, "fingerprint", c, "keySha256") &&
            copy(o, "certificateId", c, "certificateId") &&
            copy(o, "certificateStatus", c, "status") &&
            copy(o, "subject", c, "subject") &&
            copy(o, "issuer", c, "issuer") && copy(o, "chain", c, "chain") &&
            copy(o, "notBefore", c, "notBefore") &&
            copy(o, "notAfter", c, "notAfter") &&
            copy(o, "lastProved", c, "lastSeenAt") &&
            copy(o, "firstSeen", d->thing, "registeredAt") &&
            fields_text(o, "agent", d->agent[0] != '\0' ? d->agent : NULL));
}

struct json *device_json(const struct device *device, bool whole)
{
    struct json *o = json_new_object();
    const struct json *title = json_get(device->td, "title");

    return fields_end(o,
        copy(o, "thingName", device->thing, "thingName") &&
            copy(o, "vendor", device->thing, "vendor") &&
            copy(o, "model", device->thing, "model") &&
            copy(o, "serial", device->thing, "serial") &&
            fields_text(o, "title", json_text(title)) &&
            fields_take(o, "status", status_json(device)) &&
            fields_copy(o, "outage", device->outage) &&
            fields_copy(o, "dropped", device->dropped) &&
            (!whole ||
                (fields_take(o, "identity", identity_json(device)) &&
                    copy(o, "certificates", device->thing, "certificates") &&
                    copy(o, "alarms", device->thing, "alarms") &&
                    fields_copy(o, "enrolment", device->enrolment) &&
                    fields_copy(o, "td", device->td))));
}
