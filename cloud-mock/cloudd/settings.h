/* settings.h - what a shadow's change says to a person: who asked for what,
 * and what the device did about it. */

#ifndef CLOUDD_SETTINGS_H
#define CLOUDD_SETTINGS_H

#include <stdbool.h>

#include "cloudd/app.h"

/* Write the change of an update/documents message into the history. */
void settings_record(struct app *app, const char *thing,
    const struct json *documents, int64_t now_ms);

/* Did the device itself report something new? */
bool settings_reported(const struct json *documents);

/* The members of the wanted object that changed from `before` to `after`;
 * a member that went away is null.  NULL: nothing, or out of memory. */
struct json *settings_asked(
    const struct json *before, const struct json *after);

/* The members that were wanted and not so before, and are so now.  The
 * arguments are whole states, {"desired","reported"}. */
struct json *settings_applied(
    const struct json *before, const struct json *after);

#endif
