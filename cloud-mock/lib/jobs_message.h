/* jobs_message.h - the exact shapes of what Jobs says (contract sections 3.1
 * to 3.4).  Each returns NULL when memory runs out; the caller frees. */

#ifndef CLOUD_MOCK_JOBS_MESSAGE_H
#define CLOUD_MOCK_JOBS_MESSAGE_H

#include "cloud-mock/lib/jobs_request.h"
#include "cloud-mock/lib/store_jobs.h"

/* What every message has. */
struct jobs_frame {
    int64_t now_ms;
    const struct json *token; /* a string; NULL: none was sent */
};

/* JobExecutionSummary */
struct json *jobs_message_summary(const struct store_execution *execution);
/* JobExecutionState */
struct json *jobs_message_state(const struct store_execution *execution);
/* JobExecution; `document` is text, NULL: without. */
struct json *jobs_message_execution(const struct store_execution *execution,
    const char *document, int64_t now_ms);
/* What notify-next tells of it. */
struct json *jobs_message_next(
    const struct store_execution *execution, const char *document);

/* End the body of what is accepted; takes `body`, NULL gives NULL. */
struct json *jobs_message_accepted(
    const struct jobs_frame *frame, struct json *body);
/* Takes `state`, a JobExecutionState, NULL: without. */
struct json *jobs_message_rejected(const struct jobs_frame *frame,
    const struct jobs_error *error, struct json *state);
/* A notification's {"timestamp":...}, to be filled in. */
struct json *jobs_message_notice(int64_t now_ms);

/* Set a member from the text of a JSON value that we stored. */
enum err jobs_message_set(
    struct json *object, const char *key, const char *text) MUST_CHECK;

#endif
