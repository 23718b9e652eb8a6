/* things.h - handlers of /api/things: each answers its request, now or later.
 */

#ifndef CLOUDD_THINGS_H
#define CLOUDD_THINGS_H

#include "cloudd/app.h"
#include "cloudd/login.h"
#include "cloudd/path.h"

/* A request with all that the checks found out; lives until the handler
 * returns. */
struct things_request {
    struct app *app;
    struct http_request *request;
    struct login login;
    struct path_parts parts; /* part[0] is the thing's name */
};

void things_list(struct things_request *q);
void things_show(struct things_request *q);
void things_shadow(struct things_request *q);
void things_set(struct things_request *q);
void things_telemetry(struct things_request *q);
void things_series(struct things_request *q);
void things_history(struct things_request *q);
void things_kick(struct things_request *q);

/* In things_certificate.c. */
void things_revoke(struct things_request *q);
void things_revoke_one(struct things_request *q);
void things_rotate(struct things_request *q);
void things_enrolments(struct things_request *q);
void things_approve(struct things_request *q);
void things_refuse(struct things_request *q);

#endif
