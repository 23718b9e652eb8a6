/* reason.h - why a connection ended, from Mosquitto's log.
 *
 * Mosquitto 2.0 gives a plugin no reason for a disconnection; it writes one
 * line into its log just before it tells the plugin (contract section 6). */

#ifndef CLOUD_MOCK_REASON_H
#define CLOUD_MOCK_REASON_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud-mock/lib/presence.h"

/* What the last line about this client in `log` says; the log is borrowed and
 * may begin within a line.  False: no line does.  The last one cannot be
 * forged: the broker writes it after anything another client caused. */
bool reason_read(
    const char *log, size_t len, const char *client, enum presence_reason *out);

#endif
