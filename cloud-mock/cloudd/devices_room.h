/* devices_room.h - what devices*.c share: a device. */

#ifndef CLOUDD_DEVICES_ROOM_H
#define CLOUDD_DEVICES_ROOM_H

#include "cloudd/devices.h"

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

/* A time in milliseconds or seconds, as it stands there. */
int64_t devices_time_of(const struct json *value, int64_t otherwise);

/* The certificate that counts: the first accepted one, else the first. */
const struct json *devices_certificate_of(const struct device *device);

#endif
