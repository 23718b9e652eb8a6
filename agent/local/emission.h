/* emission.h - what an application asks for with `emit`: docs/protocol.md, "The
 * local socket". */

#ifndef LOCAL_EMISSION_H
#define LOCAL_EMISSION_H

#include "core/json.h"
#include "device/telemetry.h"

/* Read a request; what comes out is lent from it, without its callback.  What
 * is wrong with it in words, or NULL. */
const char *emission_read(
    const struct json *request, struct telemetry_emission *out);

#endif
