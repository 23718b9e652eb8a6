/* ownership.h - whose a device is, as its records say. */

#ifndef CLOUDD_OWNERSHIP_H
#define CLOUDD_OWNERSHIP_H

#include "cloudd/app.h"
#include "cloudd/things.h"

/* An Envelope came on nameplate/<t>/ownership (borrowed).  What does not hold
 * by itself or after the one before changes nothing, and is logged. */
void ownership_take(
    struct app *app, const char *thing, const struct json *envelope);

/* Handler of PUT /api/things/<t>/offer {"envelope":Envelope|null}: a transfer
 * that the new owner has yet to sign; the next record voids it. */
void ownership_offer(struct things_request *q);

/* A note came on nameplate/<t>/claims (borrowed): history, and for an owned
 * device its owner's alert. */
void ownership_claims(
    struct app *app, const char *thing, const struct json *note);

#endif
