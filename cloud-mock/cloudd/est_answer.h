/* est_answer.h - what an EST server says: base64, or plain words. */

#ifndef CLOUDD_EST_ANSWER_H
#define CLOUDD_EST_ANSWER_H

#include "cloudd/http.h"
#include "identity/bytes.h"

#define EST_CERTIFICATES "application/pkcs7-mime; smime-type=certs-only"

/* 200 with the DER in base64 (RFC 8951 section 2). */
void est_answer_der(
    struct http_request *request, const char *type, struct span der);
/* 200 with certificates and nothing else. */
void est_answer_certificates(
    struct http_request *request, const char *type, struct span certificate);

/* A sentence; for 401, 202 and 503 with the header they want. */
void est_answer_words(
    struct http_request *request, unsigned status, const char *words);
/* 202 or 503, come again after so long. */
void est_answer_later(struct http_request *request, unsigned status,
    int64_t wait_ms, const char *words);

#endif
