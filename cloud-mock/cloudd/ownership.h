/* ownership.h - whose a device is, as its records say. */

#ifndef CLOUDD_OWNERSHIP_H
#define CLOUDD_OWNERSHIP_H

#include "cloudd/app.h"

/* An Envelope came on nameplate/<t>/ownership (borrowed).  What does not hold
 * by itself or after the one before changes nothing, and is logged. */
void ownership_take(
    struct app *app, const char *thing, const struct json *envelope);

/* A note came on nameplate/<t>/claims (borrowed): history, and for an owned
 * device its owner's alert. */
void ownership_claims(
    struct app *app, const char *thing, const struct json *note);

#endif
