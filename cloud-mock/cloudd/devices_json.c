/* devices_json.c - a device as the page is told about it. */

#include <string.h>

#include "cloudd/devices_room.h"
#include "cloudd/fields.h"

/* Never NULL: what the state means, for offline why. */
static const char *status_words(const struct device *d)
{
    const char *certificate_status =
        json_text(json_get(devices_certificate_of(d), "status"));

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
    const struct json *c = devices_certificate_of(d);
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
