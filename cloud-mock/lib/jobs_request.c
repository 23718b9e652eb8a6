/* jobs_request.c - members nobody knows are ignored, as AWS does. */

#include "cloud-mock/lib/jobs_request.h"

#include <string.h>

#include "cloud-mock/lib/client_token.h"
#include "cloud-mock/lib/limits.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Deeper than any legal request: {"statusDetails":{"a":"b"}}. */
#define PARSE_DEPTH 10

const struct jobs_error jobs_error_topic = {
    "InvalidTopic", "The topic does not map to an API of Jobs"};
const struct jobs_error jobs_error_transition = {"InvalidStateTransition",
    "The execution's state does not allow this change"};
const struct jobs_error jobs_error_missing = {
    "ResourceNotFound", "The thing has no such job execution"};
const struct jobs_error jobs_error_version = {"VersionMismatch",
    "The expected version is not the execution's current version"};
const struct jobs_error jobs_error_terminal = {
    "TerminalStateReached", "The execution is in a terminal state"};
const struct jobs_error jobs_error_throttled = {
    "RequestThrottled", "Too many requests"};
const struct jobs_error jobs_error_internal = {
    "InternalError", "Internal service failure"};

static const struct jobs_error bad_json = {
    "InvalidJson", "The payload is not UTF-8 JSON"};
static const struct jobs_error bad_body = {
    "InvalidRequest", "The payload must be a JSON object of at most 128 KB"};
static const struct jobs_error bad_token = {
    "InvalidRequest", "clientToken must be a string of at most 64 bytes"};
static const struct jobs_error bad_status = {"InvalidRequest",
    "status must be IN_PROGRESS, SUCCEEDED, FAILED or REJECTED"};
static const struct jobs_error bad_details = {"InvalidRequest",
    "statusDetails must be an object of at most 10 strings: keys of 1 to 128"
    " characters a-z A-Z 0-9 : _ -, values of 1 to 1024 characters and no"
    " control characters"};
static const struct jobs_error bad_version = {
    "InvalidRequest", "expectedVersion must be a whole number of at least 1"};
static const struct jobs_error bad_number = {
    "InvalidRequest", "executionNumber must be a whole number of at least 1"};
static const struct jobs_error bad_step = {"InvalidRequest",
    "stepTimeoutInMinutes must be 1 to 10080, or -1 in an update"};
static const struct jobs_error bad_switch = {"InvalidRequest",
    "includeJobExecutionState and includeJobDocument must be true or false"};

static const struct jobs_error *parse(
    const void *payload, size_t len, struct json **out)
{
    const struct json_limits limits = {LIMITS_PAYLOAD_BYTES, PARSE_DEPTH};
    enum err e = json_parse(payload, len, limits, out);

    if (e == ERR_OK)
        return json_is_object(*out) ? NULL : &bad_body;
    if (e == ERR_NO_MEMORY)
        return &jobs_error_internal;
    return e == ERR_TOO_BIG ? &bad_body : &bad_json;
}

static const struct jobs_error *take_token(
    struct json *body, struct jobs_request *request)
{
    return client_token_take(body, &request->token) ? NULL : &bad_token;
}

static const struct jobs_error *take_number(
    const struct json *body, struct jobs_request *request)
{
    const struct json *number = json_get(body, "executionNumber");

    if (number != NULL &&
        !json_whole(number, 1, JSON_WHOLE_MAX, &request->execution_number))
        return &bad_number;
    return NULL;
}

static const struct jobs_error *take_switch(
    const struct json *body, const char *key, bool *out)
{
    const struct json *value = json_get(body, key);

    if (value == NULL)
        return NULL;
    if (!json_is_bool(value))
        return &bad_switch;
    *out = json_is_true(value);
    return NULL;
}

static bool is_detail_key(const char *key)
{
    return topic_is_thing_name(key); /* the same alphabet and length */
}

static bool is_detail_value(const char *text)
{
    size_t characters = 0;

    if (text == NULL)
        return false;
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte < 0x20 || byte == 0x7f)
            return false;
        characters += (byte & 0xc0) != 0x80;
    }
    return characters >= 1 && characters <= LIMITS_JOB_DETAIL_VALUE;
}

static const struct jobs_error *take_details(
    struct json *body, struct jobs_request *request)
{
    const struct json *details = json_get(body, "statusDetails");

    if (details == NULL)
        return NULL;
    if (!json_is_object(details) || json_count(details) > LIMITS_JOB_DETAILS)
        return &bad_details;
    for (const struct json *c = json_first(details); c != NULL;
         c = json_next(c))
        if (!is_detail_key(json_key(c)) || !is_detail_value(json_text(c)))
            return &bad_details;
    request->details = json_detach(body, "statusDetails");
    return NULL;
}

static const struct jobs_error *take_step(
    const struct json *body, bool may_clear, struct jobs_request *request)
{
    const struct json *step = json_get(body, "stepTimeoutInMinutes");
    int64_t minutes;

    if (step == NULL)
        return NULL;
    if (!json_whole(step, -1, LIMITS_JOB_STEP_MINUTES, &minutes) ||
        minutes == 0 || (minutes < 0 && !may_clear))
        return &bad_step;
    request->step_minutes = minutes;
    return NULL;
}

static const struct jobs_error *take_status(
    const struct json *body, struct jobs_request *request)
{
    static const char *const words[] = {
        "IN_PROGRESS", "SUCCEEDED", "FAILED", "REJECTED"};
    const char *status = json_text(json_get(body, "status"));

    for (size_t i = 0; i < COUNT(words) && status != NULL; i++)
        if (strcmp(status, words[i]) == 0) {
            request->status = words[i];
            return NULL;
        }
    return &bad_status;
}

/* At most 15 digits, so that it fits; 0 when it is none. */
static int64_t read_digits(const char *text)
{
    int64_t number = 0;

    if (strlen(text) > 15 || strspn(text, "0123456789") != strlen(text))
        return 0;
    for (; *text != '\0'; text++)
        number = number * 10 + (*text - '0');
    return number;
}

/* A number, or the same as a string. */
static const struct jobs_error *take_version(
    const struct json *body, struct jobs_request *request)
{
    const struct json *version = json_get(body, "expectedVersion");
    int64_t number;

    if (version == NULL)
        return NULL;
    if (json_is_string(version))
        number = read_digits(json_text(version));
    else if (!json_whole(version, 1, JSON_WHOLE_MAX, &number))
        number = 0;
    if (number == 0)
        return &bad_version;
    request->expected_version = number;
    return NULL;
}

static const struct jobs_error *read_start_next(
    struct json *body, struct jobs_request *request)
{
    const struct jobs_error *error = take_details(body, request);

    return error != NULL ? error : take_step(body, false, request);
}

static const struct jobs_error *read_describe(
    struct json *body, struct jobs_request *request)
{
    const struct jobs_error *error = take_number(body, request);

    request->include_document = true;
    return error != NULL
        ? error
        : take_switch(body, "includeJobDocument", &request->include_document);
}

static const struct jobs_error *read_update(
    struct json *body, struct jobs_request *request)
{
    const struct jobs_error *error = take_status(body, request);

    if (error == NULL)
        error = take_details(body, request);
    if (error == NULL)
        error = take_version(body, request);
    if (error == NULL)
        error = take_number(body, request);
    if (error == NULL)
        error = take_step(body, true, request);
    if (error == NULL)
        error = take_switch(
            body, "includeJobExecutionState", &request->include_state);
    if (error == NULL)
        error =
            take_switch(body, "includeJobDocument", &request->include_document);
    return error;
}

static const struct jobs_error *read_body(enum topic_jobs_operation operation,
    struct json *body, struct jobs_request *request)
{
    switch (operation) {
    case TOPIC_JOBS_PENDING:
        return NULL;
    case TOPIC_JOBS_START_NEXT:
        return read_start_next(body, request);
    case TOPIC_JOBS_DESCRIBE:
        return read_describe(body, request);
    case TOPIC_JOBS_UPDATE:
        return read_update(body, request);
    case TOPIC_JOBS_UNKNOWN:
        break;
    }
    return &jobs_error_topic;
}

const struct jobs_error *jobs_request_read(enum topic_jobs_operation operation,
    const void *payload, size_t len, struct jobs_request *request)
{
    const bool is_empty = len == 0 && operation != TOPIC_JOBS_UPDATE;
    struct json *body = NULL;
    const struct jobs_error *error;

    *request =
        (struct jobs_request){.expected_version = JOBS_REQUEST_ANY_VERSION};
    error = is_empty ? parse("{}", 2, &body) : parse(payload, len, &body);
    if (operation == TOPIC_JOBS_UNKNOWN) /* whatever it says */
        error = error == &jobs_error_internal ? error : NULL;
    if (error == NULL)
        error = take_token(body, request);
    if (error == NULL)
        error = read_body(operation, body, request);
    json_free(body);
    return error;
}

void jobs_request_free(struct jobs_request *request)
{
    json_free(request->token);
    json_free(request->details);
    *request = (struct jobs_request){.token = NULL};
}
