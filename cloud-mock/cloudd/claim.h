/* claim.h - the relay of claims (docs/ownership.md): for everybody who is
 * logged in, about devices whose existence is told to nobody. */

#ifndef CLOUDD_CLAIM_H
#define CLOUDD_CLAIM_H

#include "cloudd/app.h"
#include "cloudd/things.h"

#define CLAIM_FLOOR_MS   500 /* no answer comes faster, nor tells by its time */
#define CLAIM_THING_FREE 8   /* tries, fewer than lock the device */
#define CLAIM_USER_FREE  12

struct claims;

/* The secret is borrowed. */
struct claims *claims_new(struct app *app, const char *secret);
void claims_free(struct claims *claims); /* what goes on gets no answer */

/* Handler of POST /api/claim. */
void claim_handle(struct things_request *q);

/* The device came online: who waits for it is told. */
void claims_arrived(struct claims *claims, const char *thing);

#endif
