/* thing_name.h - the name a device has at the broker, from its nameplate.
 *
 * <vendor>:<model>:<serial>, each part mapped so that two different devices
 * never share a name (a shared name would be a take-over): [A-Za-z0-9-] stay,
 * every other byte becomes _hh in lower-case hex, '_' and ':' included.
 * Vendor and model are folded to lower case first (ASCII only); the serial
 * number is kept to the byte.  What comes out matches [a-zA-Z0-9:_-]{5,128},
 * AWS IoT's pattern for names of things, types and groups. */

#ifndef IDENTITY_THING_NAME_H
#define IDENTITY_THING_NAME_H

#include "core/err.h"

#define THING_NAME_MAX  128 /* characters */
#define THING_NAME_SIZE (THING_NAME_MAX + 1)

struct thing_name_parts {
    const char *vendor;
    const char *model;
    const char *serial;
};

/* The thing's name; also its MQTT client id and its certificate's CN.
 * ERR_INVALID: a part is empty or NULL; ERR_TOO_BIG: over THING_NAME_MAX, and
 * never cut to fit. */
enum err thing_name_make(const struct thing_name_parts *parts,
    char name[THING_NAME_SIZE]) MUST_CHECK;

/* The thing's type, <vendor>:<model>; the serial number is not looked at. */
enum err thing_name_type(const struct thing_name_parts *parts,
    char type[THING_NAME_SIZE]) MUST_CHECK;

/* One part mapped to the byte, without folding: for groups and file names. */
enum err thing_name_part(
    const char *part, char mapped[THING_NAME_SIZE]) MUST_CHECK;

#endif
