/* postroom_report.h - what an outbox had to drop, in words for the cloud.
 *
 * Source: docs/protocol.md, `nameplate/<t>/outbox`. */

#ifndef CLOUD_POSTROOM_REPORT_H
#define CLOUD_POSTROOM_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud/outbox.h"

#define POSTROOM_REPORT_BYTES 4096

/* Does it differ from what was told before? */
bool postroom_report_is_news(
    const struct outbox_figures *now, const struct outbox_figures *told);

/* The text's length; it always fits. */
size_t postroom_report_print(const struct outbox_figures *figures,
    int64_t wall_ms, char out[POSTROOM_REPORT_BYTES]);

#endif
