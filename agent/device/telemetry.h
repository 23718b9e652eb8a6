/* telemetry.h - machine figures every so often, and what applications emit.
 *
 * Topics and payloads: docs/protocol.md.  Everything goes through the outbox.
 */

#ifndef DEVICE_TELEMETRY_H
#define DEVICE_TELEMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/session.h"
#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"

struct telemetry;

struct telemetry_options {
    struct session *session; /* borrowed for life, as are the others */
    struct loop *loop;
    const char *thing;
    const char *disk_folder; /* whose file system's room is told */
    uint64_t interval_ms;    /* 0: no machine figures */
};

enum err telemetry_new(
    const struct telemetry_options *options, struct telemetry **out) MUST_CHECK;
void telemetry_free(struct telemetry *telemetry); /* NULL is fine */

/* What an application emits; all of it is borrowed for the call. */
struct telemetry_emission {
    const char *stream;
    const struct json *data;
    const char *class; /* NULL: an event */
    bool or_busy;      /* as in a letter */
    session_stored_callback *stored;
    void *context;
};

/* Send it on the stream's topic.  ERR_INVALID: the stream's name is not 1 to
 * 64 of [a-zA-Z0-9_-]; ERR_TOO_BIG: over 128 KB (AWS); else as session_send. */
enum err telemetry_emit(struct telemetry *telemetry,
    const struct telemetry_emission *emission) MUST_CHECK;

#endif
