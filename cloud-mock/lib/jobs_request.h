/* jobs_request.h - what a device asked of Jobs, judged without looking at the
 * job (contract sections 3.2, 3.3 and 3.6). */

#ifndef CLOUD_MOCK_JOBS_REQUEST_H
#define CLOUD_MOCK_JOBS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud-mock/lib/topic.h"
#include "core/json.h"

/* Why it was rejected; `code` is AWS's, both are static. */
struct jobs_error {
    const char *code;
    const char *message;
};

extern const struct jobs_error jobs_error_topic;      /* InvalidTopic */
extern const struct jobs_error jobs_error_transition; /* InvalidState... */
extern const struct jobs_error jobs_error_missing;    /* ResourceNotFound */
extern const struct jobs_error jobs_error_version;    /* VersionMismatch */
extern const struct jobs_error jobs_error_terminal;   /* TerminalState... */
extern const struct jobs_error jobs_error_throttled;  /* RequestThrottled */
extern const struct jobs_error jobs_error_internal;   /* InternalError */

#define JOBS_REQUEST_ANY_VERSION    (-1)
#define JOBS_REQUEST_TIMER_STAYS    0
#define JOBS_REQUEST_TIMER_CLEARED  (-1)
#define JOBS_REQUEST_LAST_EXECUTION 0

struct jobs_request {
    struct json *token;       /* a string, or NULL: none was sent */
    struct json *details;     /* statusDetails, or NULL: they stay */
    const char *status;       /* update: AWS's word, static */
    int64_t expected_version; /* or JOBS_REQUEST_ANY_VERSION */
    int64_t execution_number; /* or JOBS_REQUEST_LAST_EXECUTION */
    int64_t step_minutes;     /* or JOBS_REQUEST_TIMER_... */
    bool include_state;       /* update */
    bool include_document;    /* update, describe */
};

/* NULL: it is well formed.  Otherwise the reason; request->token is set as
 * soon as a valid one was seen, so that it can be echoed.  Nothing at all is
 * an empty object, except for an update.  Free in any case. */
const struct jobs_error *jobs_request_read(enum topic_jobs_operation operation,
    const void *payload, size_t len, struct jobs_request *request);

void jobs_request_free(struct jobs_request *request);

#endif
