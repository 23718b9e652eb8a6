/* intake.h - what the broker says becomes devices, history, telemetry, events.
 */

#ifndef CLOUDD_INTAKE_H
#define CLOUDD_INTAKE_H

#include "cloudd/app.h"
#include "cloudd/store_history.h"

/* Callback of broker_options, context `struct app`. */
void intake_message(void *context, const struct broker_message *message);

/* Callback of devices_new: a status that a person sees changed. */
void intake_status(
    void *context, const struct device *device, enum status_state before);

/* Plan the next look at the devices' debounced states. */
void intake_plan(struct app *app);

/* Write down that a device came or went, as its status says. */
void intake_presence(struct app *app, const struct device *device, bool online);

/* Write an event down and tell everybody. */
void intake_record(struct app *app, const struct store_event *event);

#endif
