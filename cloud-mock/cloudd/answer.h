/* answer.h - the three answers of the REST interface. */

#ifndef CLOUDD_ANSWER_H
#define CLOUDD_ANSWER_H

#include "cloudd/http.h"
#include "core/json.h"

/* 200 and JSON; takes `body`, NULL (out of memory) becomes a 500. */
void answer_json(struct http_request *request, struct json *body);

/* {"error":code,"message":message}: the message says what to do. */
void answer_error(struct http_request *request, unsigned status,
    const char *code, const char *message);

/* For what our own parts could not do. */
void answer_failure(struct http_request *request, enum err e);

/* 204 */
void answer_nothing(struct http_request *request);

#endif
