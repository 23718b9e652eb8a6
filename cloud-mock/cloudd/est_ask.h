/* est_ask.h - simpleenroll and simplereenroll (RFC 7030 section 4.2): asking
 * the broker's plugin for a certificate. */

#ifndef CLOUDD_EST_ASK_H
#define CLOUDD_EST_ASK_H

#include "cloudd/est_access.h"

struct est_question {
    struct cloud *cloud;
    struct est_pending *pending; /* NULL: nobody waits */
    const struct est_requester *requester;
    bool renewal;
};

/* Answer the request, now or later. */
void est_ask(const struct est_question *question, struct http_request *request);

#endif
