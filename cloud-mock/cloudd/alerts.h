/* alerts.h - what its owner should hear of: a device that is away for long, a
 * certificate that ends soon, a claim that was refused. */

#ifndef CLOUDD_ALERTS_H
#define CLOUDD_ALERTS_H

#include "cloudd/app.h"
#include "cloudd/things.h"

#define ALERTS_LOOK_MS 5000
/* A certificate that ends.  One that lives for weeks is renewed when a third is
 * left, which is no news: it is told when less is left than that. */
#define ALERTS_SOON_S    (60 * 86400)
#define ALERTS_SOON_PART 4            /* or a quarter of its life */
#define ALERTS_NOW_S     (14 * 86400) /* and this is told once more */
#define ALERTS_NOW_PART  10

struct alert {
    /* kind: offline, certificate, certificate_now, claim, alarm */
    const char *thing, *kind;
    const char *text; /* a sentence */
};

/* Keep it, tell who may hear of it, call the web hooks. */
void alerts_raise(struct app *app, const struct alert *alert);

/* Look at all devices now, and again every ALERTS_LOOK_MS. */
void alerts_look(void *context);

/* Forget a thing's: it has another owner. */
void alerts_wipe(struct app *app, const char *thing);

/* Handlers of GET /api/alerts and POST /api/alerts/<id>/dismiss. */
void alerts_list(struct things_request *q);
void alerts_dismiss(struct things_request *q);

#endif
