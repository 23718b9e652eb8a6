/* relay.h - a person's requests to a device, as commands and back. */

#ifndef CLOUDD_RELAY_H
#define CLOUDD_RELAY_H

#include "cloudd/command.h"
#include "cloudd/things.h"

/* What the page gets: 200 and what the device said; 409 and its refusal, as
 * {"error":"<reason code>","message","answer"?}; 504: nothing came. */
struct json *relay_body(const struct command_answer *answer, unsigned *status);

/* Handlers of POST /api/things/<t>/channel, identify, restart, invoke. */
void relay_channel(struct things_request *q);
void relay_identify(struct things_request *q);
void relay_restart(struct things_request *q);
void relay_invoke(struct things_request *q);

#endif
