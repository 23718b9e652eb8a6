/* devices_certificate.c - which of a device's certificates counts. */

#include <string.h>

#include "cloudd/devices_room.h"

int64_t devices_time_of(const struct json *value, int64_t otherwise)
{
    int64_t ms = otherwise;

    (void)json_whole(value, 1, JSON_WHOLE_MAX, &ms);
    return ms;
}

const struct json *devices_certificate_of(const struct device *d)
{
    const struct json *list = json_get(d->thing, "certificates");

    for (struct json *c = json_first(list); c != NULL; c = json_next(c)) {
        const char *status = json_text(json_get(c, "status"));

        if (status != NULL && strcmp(status, "ACTIVE") == 0)
            return c;
    }
    return json_first(list);
}

/* The accepted certificate that was shown last, else the one that counts. */
static const struct json *in_use(const struct device *d)
{
    const struct json *best = devices_certificate_of(d);
    int64_t seen = devices_time_of(json_get(best, "lastSeenAt"), 0);

    for (struct json *c = json_first(json_get(d->thing, "certificates"));
         c != NULL; c = json_next(c)) {
        const char *status = json_text(json_get(c, "status"));
        int64_t at = devices_time_of(json_get(c, "lastSeenAt"), 0);

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

    *begin_s = devices_time_of(json_get(c, "notBefore"), 0);
    *end_s = devices_time_of(json_get(c, "notAfter"), 0);
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
    return json_text(json_get(devices_certificate_of(device), "certificateId"));
}
