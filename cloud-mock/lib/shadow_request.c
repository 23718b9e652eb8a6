/* shadow_request.c - AWS's checks in AWS's words. */

#include "cloud-mock/lib/shadow_request.h"

#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/client_token.h"
#include "cloud-mock/lib/limits.h"
#include "core/patch.h"
#include "core/utf8.h"

/* Deeper than any legal request: levels are counted below the sections. */
#define PARSE_DEPTH 40

const struct shadow_error shadow_error_internal = {
    500, "Internal service failure"};
const struct shadow_error shadow_error_conflict = {409, "Version conflict"};
const struct shadow_error shadow_error_version = {400, "Invalid version"};
const struct shadow_error shadow_error_too_big = {
    413, "The payload exceeds the maximum size allowed"};
const struct shadow_error shadow_error_no_thing = {404, "Thing not found"};
const struct shadow_error shadow_error_too_many = {429, "Too many requests"};

static const struct shadow_error bad_json = {400, "Invalid JSON"};
static const struct shadow_error bad_encoding = {
    415, "Unsupported documented encoding; supported encoding is UTF-8"};
static const struct shadow_error no_state = {
    400, "Missing required node: state"};
static const struct shadow_error bad_state = {
    400, "State node must be an object"};
static const struct shadow_error bad_desired = {
    400, "Desired node must be an object"};
static const struct shadow_error bad_reported = {
    400, "Reported node must be an object"};
static const struct shadow_error bad_token = {400, "Invalid clientToken"};
static const struct shadow_error bad_node = {
    400, "State contains an invalid node"};
static const struct shadow_error too_deep = {
    400, "JSON contains too many levels of nesting; maximum is 6"};

static const struct shadow_error *parse(
    const void *payload, size_t len, struct json **out)
{
    const struct json_limits limits = {LIMITS_PAYLOAD_BYTES, PARSE_DEPTH};

    if (len > LIMITS_PAYLOAD_BYTES)
        return &shadow_error_too_big;
    if (!utf8_valid(payload, len))
        return &bad_encoding;
    switch (json_parse(payload, len, limits, out)) {
    case ERR_OK:
        return NULL;
    case ERR_TOO_BIG:
        return &too_deep;
    case ERR_NO_MEMORY:
        return &shadow_error_internal;
    case ERR_INVALID:
    case ERR_NOT_FOUND:
    case ERR_EXISTS:
    case ERR_CONFLICT:
    case ERR_AGAIN:
    case ERR_DENIED:
    case ERR_UNSUPPORTED:
    case ERR_IO:
        break;
    }
    return &bad_json;
}

static const struct shadow_error *take_token(
    struct json *body, struct shadow_request *request)
{
    return client_token_take(body, &request->token) ? NULL : &bad_token;
}

static const struct shadow_error *take_version(
    const struct json *body, struct shadow_request *request)
{
    const struct json *version = json_get(body, "version");

    if (version != NULL &&
        !json_whole(version, 0, JSON_WHOLE_MAX, &request->expected_version))
        return &shadow_error_version;
    return NULL;
}

/* Nesting of values that hold something: {"a":1} is one level. */
static size_t levels(const struct json *value)
{
    size_t deepest = 0;

    if (json_first(value) == NULL)
        return 0;
    for (const struct json *c = json_first(value); c != NULL;
         c = json_next(c)) {
        size_t below = levels(c);

        if (below > deepest)
            deepest = below;
    }
    return deepest + 1;
}

static const struct shadow_error *judge_section(
    const struct json *section, const struct shadow_error *not_object)
{
    if (!json_is_object(section) && !json_is_null(section))
        return not_object;
    if (levels(section) > LIMITS_SHADOW_LEVELS)
        return &too_deep;
    return patch_has_null_in_array(section) ? &bad_node : NULL;
}

static const struct shadow_error *judge_state(const struct json *state)
{
    const struct shadow_error *error = NULL;

    for (const struct json *c = json_first(state); c != NULL && error == NULL;
         c = json_next(c)) {
        if (strcmp(json_key(c), "desired") == 0)
            error = judge_section(c, &bad_desired);
        else if (strcmp(json_key(c), "reported") == 0)
            error = judge_section(c, &bad_reported);
        else
            error = &bad_node;
    }
    return error;
}

/* A request larger than any state is refused before it is merged: the time a
 * merge takes grows with the square of its members. */
static const struct shadow_error *judge_size(const struct json *state)
{
    char *text = json_print(state);
    size_t len;

    if (text == NULL)
        return &shadow_error_internal;
    len = strlen(text);
    free(text);
    return len > LIMITS_SHADOW_BYTES ? &shadow_error_too_big : NULL;
}

static const struct shadow_error *take_state(
    struct json *body, struct shadow_request *request)
{
    const struct shadow_error *error;

    request->state = json_detach(body, "state");
    if (request->state == NULL)
        return &no_state;
    if (json_is_null(request->state))
        return NULL;
    if (!json_is_object(request->state))
        return &bad_state;
    json_remove(request->state, "delta"); /* dropped silently */
    error = judge_state(request->state);
    return error != NULL ? error : judge_size(request->state);
}

static void begin(struct shadow_request *request)
{
    *request = (struct shadow_request){NULL, NULL, SHADOW_REQUEST_ANY_VERSION};
}

const struct shadow_error *shadow_request_read_update(
    const void *payload, size_t len, struct shadow_request *request)
{
    struct json *body = NULL;
    const struct shadow_error *error;

    begin(request);
    error = parse(payload, len, &body);
    if (error == NULL)
        error = take_token(body, request);
    if (error == NULL)
        error = take_state(body, request);
    if (error == NULL)
        error = take_version(body, request);
    json_free(body);
    return error;
}

const struct shadow_error *shadow_request_read_get(
    const void *payload, size_t len, struct shadow_request *request)
{
    struct json *body = NULL;
    const struct shadow_error *error;

    begin(request);
    if (len == 0)
        return NULL;
    error = parse(payload, len, &body);
    if (error == NULL && !json_is_object(body))
        error = &bad_json;
    if (error == NULL)
        error = take_token(body, request);
    json_free(body);
    return error;
}

const struct shadow_error *shadow_request_read_delete(
    const void *payload, size_t len, struct shadow_request *request)
{
    const struct shadow_error *error =
        shadow_request_read_get(payload, len, request);

    return error == &shadow_error_internal || error == &bad_token ? error
                                                                  : NULL;
}

void shadow_request_free(struct shadow_request *request)
{
    json_free(request->state);
    json_free(request->token);
    begin(request);
}
