/* jobs_admin.h - what is ordered of jobs, by those who run the fleet: AWS's
 * CreateJob, CancelJob, CancelJobExecution, DeleteJob, DeleteJobExecution.
 * The things hear of it (jobs_list.h). */

#ifndef CLOUD_MOCK_JOBS_ADMIN_H
#define CLOUD_MOCK_JOBS_ADMIN_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store.h"

struct jobs_admin {
    struct store *store;
    struct sender *sender;
};

/* ERR_EXISTS: there is such a job; ERR_TOO_BIG: the document is.  The things
 * are known ones, none twice. */
struct jobs_order {
    const char *job;
    const struct json *document; /* an object */
    const char *const *things;
    size_t count;
};
enum err jobs_admin_create(
    const struct jobs_admin *admin, const struct jobs_order *order) MUST_CHECK;

/* Which executions: that of one thing, or all of the job. */
struct jobs_choice {
    const char *job;
    const char *thing; /* NULL: all */
    bool force;        /* also what is in progress */
};

/* ERR_NOT_FOUND: there is no such job or execution.  ERR_CONFLICT: that of the
 * one thing has ended, or is in progress and was not to be forced; of all,
 * these are left alone. */
enum err jobs_admin_cancel(const struct jobs_admin *admin,
    const struct jobs_choice *choice) MUST_CHECK;

/* Whatever their state; of all: the job as well.  ERR_NOT_FOUND as above. */
enum err jobs_admin_delete(const struct jobs_admin *admin,
    const struct jobs_choice *choice) MUST_CHECK;

/* A job as docs/protocol.md has it: {"jobId","createdAt","document",
 * "executions":[...]}; the caller frees. */
enum err jobs_admin_read(const struct jobs_admin *admin, const char *job,
    struct json **out) MUST_CHECK;
/* An array of all, without the documents and with their executions counted by
 * status. */
enum err jobs_admin_read_all(
    const struct jobs_admin *admin, struct json **out) MUST_CHECK;

#endif
