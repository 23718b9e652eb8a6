/* est.h - the EST server (RFC 7030, with RFC 8951 and RFC 9908): devices come
 * with their factory certificate and leave with an operational one.
 *
 * It judges who asks; what is asked, the broker's plugin judges, which issues
 * and registers. */

#ifndef CLOUDD_EST_H
#define CLOUDD_EST_H

#include "cloudd/cloud.h"
#include "cloudd/est_pending.h"
#include "cloudd/http.h"

struct est;

/* Who may enrol: */
enum est_access {
    EST_CERTIFICATE, /* who shows a certificate in the TLS handshake */
    EST_BASIC,       /* who gives credentials by HTTP */
    EST_BOTH,        /* who does both */
    EST_ANY          /* who does either */
};
/* False: no such word. */
bool est_access_parse(const char *word, enum est_access *access);

struct est_options {
    const char *state; /* folder of the operational CA, see issuer.h */
    const char *users; /* file of credentials, see est_users.h; NULL: none */
    enum est_access access;
    struct est_pending *pending; /* borrowed; NULL: nobody waits */
    struct cloud *const *cloud;  /* where it will be when requests come */
};

/* Failures are said in the log. */
enum err est_new(
    const struct est_options *options, struct est **out) MUST_CHECK;
void est_free(struct est *est); /* NULL is fine */

/* Handler of http_options, context `struct est`. */
void est_handle(void *context, struct http_request *request);

/* Answer with the operational CA's list of revoked certificates, in DER. */
void est_answer_list(const char *state, struct http_request *request);

#endif
