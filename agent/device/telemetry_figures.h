/* telemetry_figures.h - machine figures as JSON (docs/protocol.md). */

#ifndef DEVICE_TELEMETRY_FIGURES_H
#define DEVICE_TELEMETRY_FIGURES_H

#include <stdint.h>

#include "core/err.h"
#include "core/json.h"
#include "ports/port.h"

struct telemetry_reading {
    int64_t monotonic_ms;
    struct port_machine machine;
};

/* Add to `object` what `now` tells; rates are told between `before` and `now`.
 * A figure that cannot be told, or a rate of a counter that went back, is
 * absent. */
enum err telemetry_figures(const struct telemetry_reading *before,
    const struct telemetry_reading *now, struct json *object) MUST_CHECK;

#endif
