/* fleet.h - learning from the plugin which devices there are. */

#ifndef CLOUDD_FLEET_H
#define CLOUDD_FLEET_H

#include <stdbool.h>

#include "cloudd/app.h"

/* Callback of broker_options, context `struct app`: the broker is there, so
 * ask for all devices and subscribe to them; or it is gone. */
void fleet_link(void *context, bool up);

/* A Thing as the plugin describes it, new or changed. */
void fleet_meet(struct app *app, const struct json *thing);

/* Ask about one device, new or changed; it is met when the answer comes. */
void fleet_ask_thing(struct app *app, const char *thing);

#endif
