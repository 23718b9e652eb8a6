/* answer.h - the answers of the REST interface. */

#ifndef CLOUDD_ANSWER_H
#define CLOUDD_ANSWER_H

#include "cloudd/http.h"
#include "core/json.h"

/* 200 and JSON; takes `body`, NULL (out of memory) becomes a 500. */
void answer_json(struct http_request *request, struct json *body);

/* As answer_json, with another status. */
void answer_with(
    struct http_request *request, unsigned status, struct json *body);

/* {"error":code,"message":message}: the message says what to do. */
void answer_error(struct http_request *request, unsigned status,
    const char *code, const char *message);

/* For what our own parts could not do. */
void answer_failure(struct http_request *request, enum err e);

/* 429: come back later. */
void answer_later(struct http_request *request, int64_t wait_ms,
    const char *code, const char *message);

/* The request's JSON, an object; NULL: answered, with what was `expected`. */
struct json *answer_read(struct http_request *request, const char *expected);

/* 204 */
void answer_nothing(struct http_request *request);

#endif
