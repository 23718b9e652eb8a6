/* shadow_request.h - what a client asked of a shadow, judged without looking
 * at the shadow (contract sections 2.1 and 2.5). */

#ifndef CLOUD_MOCK_SHADOW_REQUEST_H
#define CLOUD_MOCK_SHADOW_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "core/json.h"

/* Why it was rejected; `message` is AWS's own text, static. */
struct shadow_error {
    int code;
    const char *message;
};

extern const struct shadow_error shadow_error_internal; /* 500 */
extern const struct shadow_error shadow_error_conflict; /* 409 */
extern const struct shadow_error shadow_error_version;  /* 400 */
extern const struct shadow_error shadow_error_too_big;  /* 413 */
extern const struct shadow_error shadow_error_no_thing; /* 404 */
extern const struct shadow_error shadow_error_too_many; /* 429 */

#define SHADOW_REQUEST_ANY_VERSION (-1)

struct shadow_request {
    struct json *state;       /* update: an object or null; without delta */
    struct json *token;       /* a string, or NULL: none was sent */
    int64_t expected_version; /* or SHADOW_REQUEST_ANY_VERSION */
};

/* NULL: it is well formed.  Otherwise the reason; request->token is set as
 * soon as a valid one was seen, so that it can be echoed.  Free in any case. */
const struct shadow_error *shadow_request_read_update(
    const void *payload, size_t len, struct shadow_request *request);

/* get: empty or an object; delete: the content is ignored, but for a token. */
const struct shadow_error *shadow_request_read_get(
    const void *payload, size_t len, struct shadow_request *request);
const struct shadow_error *shadow_request_read_delete(
    const void *payload, size_t len, struct shadow_request *request);

void shadow_request_free(struct shadow_request *request);

#endif
