/* jobs_message.h - what is said to and heard from AWS IoT Jobs.  Pure.
 *
 * Source: AWS IoT Jobs, "Jobs device MQTT API": StartNextPendingJobExecution,
 * UpdateJobExecution, ErrorResponse. */

#ifndef DEVICE_JOBS_MESSAGE_H
#define DEVICE_JOBS_MESSAGE_H

#include <stdbool.h>

#include "cloud/session.h"
#include "core/json.h"
#include "device/jobs_record.h"

/* The body of an update: how far it is, or how it ended.  NULL: no memory. */
struct json *jobs_message_update(const struct jobs_record *record);

/* The caller frees.  NULL: it is no message of jobs, which is logged. */
struct json *jobs_message_read(const struct session_message *in) MUST_CHECK;

/* Which execution?  False: it does not say so as it should. */
bool jobs_message_is_execution(
    const struct json *execution, const char **id, int64_t *number) MUST_CHECK;

/* A refusal; logged.  May the same be said again later? */
bool jobs_message_is_temporary(const struct json *refusal, const char *topic);

#endif
