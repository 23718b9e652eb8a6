/* store_jobs.h - jobs, and what became of each on its things, on disk. */

#ifndef CLOUD_MOCK_STORE_JOBS_H
#define CLOUD_MOCK_STORE_JOBS_H

#include <stdint.h>

#include "cloud-mock/lib/store.h"
#include "cloud-mock/lib/topic.h"

#define STORE_JOB_STATUS_SIZE 16

struct store_job {
    char id[TOPIC_JOB_SIZE];
    int64_t created_ms;
    char *document; /* JSON */
};

/* One job on one thing. */
struct store_execution {
    char thing[TOPIC_THING_SIZE];
    char job[TOPIC_JOB_SIZE];
    char status[STORE_JOB_STATUS_SIZE]; /* AWS's word: QUEUED, ... */
    char *details;                      /* statusDetails, JSON */
    int64_t version;
    int64_t queued_ms;
    int64_t started_ms; /* 0: it never was */
    int64_t updated_ms;
    int64_t due_ms; /* when it is TIMED_OUT; 0: never */
};

/* The caller frees *out with store_job_free. */
enum err store_get_job(
    struct store *store, const char *id, struct store_job *out) MUST_CHECK;
/* The job and all its executions, or nothing. */
enum err store_drop_job(struct store *store, const char *id) MUST_CHECK;
void store_job_free(struct store_job *job);

/* A job and one execution for each of `things`, all or none. */
struct store_job_order {
    const struct store_job *job;
    const char *const *things;
    size_t count;
};
enum err store_order_job(
    struct store *store, const struct store_job_order *order) MUST_CHECK;

/* The caller frees *out with store_execution_free. */
enum err store_get_execution(struct store *store, const char *thing,
    const char *job, struct store_execution *out) MUST_CHECK;
enum err store_set_execution(
    struct store *store, const struct store_execution *execution) MUST_CHECK;
enum err store_drop_execution(
    struct store *store, const char *thing, const char *job) MUST_CHECK;
void store_execution_free(struct store_execution *execution);

/* The one whose time is over at `now_ms` longest, and when the next one's will
 * be (ERR_NOT_FOUND: none has a time). */
enum err store_overdue_execution(struct store *store, int64_t now_ms,
    struct store_execution *out) MUST_CHECK;
enum err store_next_due(struct store *store, int64_t *due_ms) MUST_CHECK;

/* Call back for each, lent; an error the callback returns ends the walk and is
 * returned.  Jobs and a job's executions come in the order they were made. */
typedef enum err store_job_visitor(void *context, const struct store_job *job);
enum err store_each_job(
    struct store *store, store_job_visitor *visit, void *context) MUST_CHECK;
typedef enum err store_execution_visitor(
    void *context, const struct store_execution *execution);
enum err store_each_execution(struct store *store, const char *job,
    store_execution_visitor *visit, void *context) MUST_CHECK;

/* At most `limit` of those that wait for a thing or are in progress: these
 * first, the oldest first. */
struct store_pending {
    const char *thing;
    int64_t limit;
};
enum err store_each_pending(struct store *store,
    const struct store_pending *pending, store_execution_visitor *visit,
    void *context) MUST_CHECK;

#endif
