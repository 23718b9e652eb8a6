/* client_token.c */

#include "cloud-mock/lib/client_token.h"

#include <string.h>

#include "cloud-mock/lib/limits.h"

bool client_token_take(struct json *body, struct json **out)
{
    struct json *token = json_get(body, "clientToken");

    if (token == NULL)
        return true;
    if (!json_is_string(token) ||
        strlen(json_text(token)) > LIMITS_CLIENT_TOKEN_BYTES)
        return false;
    *out = json_detach(body, "clientToken");
    return true;
}
