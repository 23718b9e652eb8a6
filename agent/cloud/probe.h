/* probe.h - is the broker there, and do both sides believe each other?  Dials,
 * shakes hands, and hangs up before a byte of MQTT: for `doctor`. */

#ifndef CLOUD_PROBE_H
#define CLOUD_PROBE_H

#include <stdbool.h>

#include "cloud/link.h"
#include "core/err.h"

struct probe_result {
    bool good;
    enum link_reason reason; /* when it is not */
    char detail[480];        /* words */
    uint32_t took_ms;
};

/* Blocks, at most options->timeout_ms and a little more.  A server that refuses
 * us under TLS 1.3 says so only after the handshake: that too is waited for, a
 * moment.  ERR_IO, ERR_NO_MEMORY: it could not be tried. */
enum err probe_server(
    const struct link_options *options, struct probe_result *out) MUST_CHECK;

#endif
