/* limits.h - AWS IoT Core's hard limits (contract section 1.1). */

#ifndef CLOUD_MOCK_LIMITS_H
#define CLOUD_MOCK_LIMITS_H

#include <stddef.h>

#define LIMITS_PAYLOAD_BYTES         (128 * 1024)
#define LIMITS_TOPIC_BYTES           256
#define LIMITS_TOPIC_SLASHES         7
#define LIMITS_SUBSCRIPTIONS         50  /* per connection */
#define LIMITS_FILTERS               8   /* per SUBSCRIBE */
#define LIMITS_CONNECTS_PER_S        1   /* per client id */
#define LIMITS_MESSAGES_PER_S        100 /* per connection, in and out */
#define LIMITS_BYTES_PER_S           (512 * 1024) /* per connection, as well */
#define LIMITS_CLIENT_ID_BYTES       128
#define LIMITS_SHADOW_BYTES          8192 /* state, without metadata */
#define LIMITS_SHADOW_LEVELS         6    /* below desired or reported */
#define LIMITS_CLIENT_TOKEN_BYTES    64
#define LIMITS_SHADOW_REQUESTS_PER_S 20 /* per thing */
#define LIMITS_SHADOW_IN_FLIGHT      10 /* per thing */
#define LIMITS_JOB_DOCUMENT_BYTES    (32 * 1024)
#define LIMITS_JOB_TARGETS           100 /* things of one CreateJob */
#define LIMITS_JOB_DETAILS           10  /* pairs of statusDetails */
#define LIMITS_JOB_DETAIL_KEY        128 /* characters */
#define LIMITS_JOB_DETAIL_VALUE      1024
#define LIMITS_JOB_STEP_MINUTES      10080
#define LIMITS_JOBS_NOTIFIED         15  /* entries of jobs/notify */
#define LIMITS_JOBS_LISTED           500 /* entries of jobs/get: our own */
#define LIMITS_JOBS_REQUESTS_PER_S   200 /* of all things */
#define LIMITS_VERSION_KEEPS_MS      (48LL * 3600 * 1000) /* of a deleted shadow */
#define LIMITS_PRESENCE_RESTART_MS                                             \
    (3600LL * 1000) /* offline: versionNumber 0 */

/* What the broker does with what a client asked for. */
enum verdict {
    VERDICT_ALLOW,
    VERDICT_REFUSE,             /* this one; the connection lives on */
    VERDICT_CLOSE_UNAUTHORISED, /* AWS: AUTH_ERROR */
    VERDICT_CLOSE_ERROR,        /* AWS: CLIENT_ERROR */
    VERDICT_CLOSE_TOO_BIG,      /* AWS: CLIENT_ERROR */
    VERDICT_CLOSE_THROTTLED     /* AWS: see docs/cloud-mock.md */
};

/* Is a topic or filter short and shallow enough?  The first three levels of
 * $aws/rules/... and the first two of $share/... do not count. */
enum verdict limits_topic(const char *topic);

enum verdict limits_payload(size_t len);

#endif
