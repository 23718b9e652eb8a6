/* est_answer.h - what an EST server's answer means: status, type and body in,
 * an outcome and words for people out.  Pure. */

#ifndef CLOUD_EST_ANSWER_H
#define CLOUD_EST_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/bytes.h"

enum est_operation {
    EST_CACERTS,  /* RFC 7030 section 4.1 */
    EST_CSRATTRS, /* section 4.5 */
    EST_ENROLL,   /* section 4.2.1 */
    EST_REENROLL  /* section 4.2.2 */
};

/* Its last path segment ("simpleenroll"); static. */
const char *est_operation_name(enum est_operation operation);

/* Named for what the asker does next. */
enum est_outcome {
    EST_DONE,     /* `der` is there; empty: the server wishes for nothing */
    EST_LATER,    /* ask the same again after retry_s: 202, 429, 503 */
    EST_REFUSED,  /* it does not like the request: 400 and other 4xx */
    EST_DENIED,   /* it does not let us in: 401, 403 */
    EST_GARBLED,  /* what it says is not EST */
    EST_UNREACHED /* there was no answer */
};

#define EST_WORDS         400
#define EST_RETRY_LEAST_S 1
#define EST_RETRY_MOST_S  86400
#define EST_RETRY_GUESS_S 30 /* when the server does not say */

/* Everything is borrowed for the call; NULL: no such header. */
struct est_reply {
    int status;
    const char *content_type, *retry_after;
    struct span body;
    int64_t now_s; /* for a Retry-After that is a date */
};

struct est_reading {
    enum est_outcome outcome;
    struct bytes der; /* the caller frees */
    uint32_t retry_s; /* with EST_LATER; between the bounds above */
    char words[EST_WORDS];
};

void est_answer_read(enum est_operation operation,
    const struct est_reply *reply, struct est_reading *out);

/* Retry-After in seconds, within the bounds: a number, or a date (RFC 9110
 * section 10.2.3); anything else is EST_RETRY_GUESS_S. */
uint32_t est_retry_s(const char *value, int64_t now_s);

/* "https://HOST/.well-known/est/LABEL/simpleenroll": `base` ends before or
 * behind ".well-known/est"; no label: NULL.  ERR_TOO_BIG. */
enum err est_url(const char *base, const char *label,
    enum est_operation operation, char *out, size_t size) MUST_CHECK;

#endif
