/* est_access.h - who asks to be enrolled, and may they at all? */

#ifndef CLOUDD_EST_ACCESS_H
#define CLOUDD_EST_ACCESS_H

#include "cloudd/est.h"
#include "cloudd/est_users.h"
#include "cloudd/rate.h"
#include "identity/bytes.h"

struct est_requester {
    struct span certificate; /* DER, lent until the answer; empty: none */
    struct est_user user;    /* name NULL: none */
};

struct est_door {
    enum est_access access;
    const struct est_users *users; /* NULL: none */
    struct rate *rate;             /* wrong credentials, by address */
};

/* True, or it was answered why not.  `by_certificate`: credentials alone do not
 * do (RFC 7030 section 3.3.2). */
bool est_access_check(const struct est_door *door, bool by_certificate,
    struct http_request *request, struct est_requester *out);

#endif
