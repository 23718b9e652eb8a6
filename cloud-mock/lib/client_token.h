/* client_token.h - the clientToken of a request, which its answer repeats. */

#ifndef CLOUD_MOCK_CLIENT_TOKEN_H
#define CLOUD_MOCK_CLIENT_TOKEN_H

#include <stdbool.h>

#include "core/json.h"

/* Unhook it from `body`; the caller frees *out, which stays as it is when there
 * is none.  False: it is no text of at most LIMITS_CLIENT_TOKEN_BYTES. */
bool client_token_take(struct json *body, struct json **out);

#endif
