/* enrolment.h - what devices say about their certificates, and what they are
 * told to do about them. */

#ifndef CLOUDD_ENROLMENT_H
#define CLOUDD_ENROLMENT_H

#include "cloudd/app.h"

/* A device's own words on nameplate/<t>/enrolment: kept, shown, and, when they
 * are new, written into the history.  The operational certificate that it says
 * it has replaced is revoked. */
void enrolment_told(struct app *app, struct device *device,
    const struct json *words, bool retained);

/* An alarm of the plugin's: into the history. */
void enrolment_alarm(struct app *app, const struct json *alarm, int64_t now_ms);

#define ENROLMENT_EXECUTION_SIZE 33

/* Tell a device to get a new certificate, by a command (contract section 7).
 * ERR_AGAIN: the broker is away. */
enum err enrolment_rotate(struct app *app, const struct device *device,
    const char *user, char execution[ENROLMENT_EXECUTION_SIZE]) MUST_CHECK;

/* The device's answer to a command. */
void enrolment_answered(struct app *app, const char *thing,
    const char *execution, const struct json *answer);

#endif
