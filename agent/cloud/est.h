/* est.h - one question to an EST server and its answer (RFC 7030, with RFC 8951
 * and RFC 9908), over HTTPS under the one trust policy. */

#ifndef CLOUD_EST_H
#define CLOUD_EST_H

#include "cloud/est_answer.h"
#include "cloud/proxy.h"
#include "core/loop.h"
#include "identity/key.h"
#include "identity/trust.h"

struct est;

/* Everything is borrowed until http_threads() is 0, text for the call. */
struct est_options {
    const char *url;   /* see est_url */
    const char *label; /* or NULL */
    const struct trust *trust;
    const struct proxy *proxy; /* or NULL */
    mbedtls_x509_crt *chain;   /* what we show; or NULL, with `key` */
    struct key *key;
    const char *user, *password; /* or NULL, both */
};

/* How it ended; lent for the call, but `der` is the callee's when it takes it
 * (and leaves it empty). */
struct est_end {
    struct est_reading *reading;
    const char *why; /* one word: "answered", or http_reason_name; static */
};
struct est_events {
    void (*ended)(void *context, const struct est_end *end);
    void *context;
};

/* Ask; `request` is a PKCS #10 in DER, for the two that enrol.  `ended` comes
 * exactly once, unless est_cancel comes first; its first line clears the
 * handle.  Errors as http_start. */
enum err est_ask(struct loop *loop, const struct est_options *options,
    enum est_operation operation, struct span request,
    const struct est_events *events, struct est **out) MUST_CHECK;
void est_cancel(struct est *est); /* NULL is fine; does not block */

#endif
