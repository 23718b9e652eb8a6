/* alerts.h - what its owner should hear of: a device that is away for long, a
 * certificate that ends soon, a claim that was refused. */

#ifndef CLOUDD_ALERTS_H
#define CLOUDD_ALERTS_H

#include "cloudd/app.h"
#include "cloudd/things.h"

#define ALERTS_LOOK_MS 5000
#define ALERTS_SOON_S  (60 * 86400) /* a certificate that ends */
#define ALERTS_NOW_S   (14 * 86400) /* and this is told once more */

struct alert {
    const char *thing, *kind; /* offline, certificate, certificate_now, claim */
    const char *text;         /* a sentence */
};

/* Keep it, tell who may hear of it, call the web hook. */
void alerts_raise(struct app *app, const struct alert *alert);

/* Look at all devices now, and again every ALERTS_LOOK_MS. */
void alerts_look(void *context);

/* Forget a thing's: it has another owner. */
void alerts_wipe(struct app *app, const char *thing);

/* Handlers of GET /api/alerts and POST /api/alerts/<id>/dismiss. */
void alerts_list(struct things_request *q);
void alerts_dismiss(struct things_request *q);

#endif
