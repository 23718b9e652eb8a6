/* troubles.h - what a device tells of itself when it is back: why it was away,
 * and what its outbox had to drop (docs/protocol.md, nameplate/<t>/status and
 * nameplate/<t>/outbox). */

#ifndef CLOUDD_TROUBLES_H
#define CLOUDD_TROUBLES_H

#include "cloudd/app.h"

/* The `outage` of a status: kept, shown, and, when it is news, written into the
 * history.  NULL: the status has none. */
void troubles_outage(struct app *app, struct device *device,
    const struct json *outage, bool retained);

/* What was dropped: kept and shown; what is more than before goes into the
 * history. */
void troubles_dropped(
    struct app *app, struct device *device, const struct json *report);

#endif
