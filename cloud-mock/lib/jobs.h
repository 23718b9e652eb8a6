/* jobs.h - the Jobs service as devices meet it (contract section 3); what is
 * ordered of it is in jobs_admin.h. */

#ifndef CLOUD_MOCK_JOBS_H
#define CLOUD_MOCK_JOBS_H

#include "cloud-mock/lib/rates.h"
#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store.h"
#include "cloud-mock/lib/topic.h"

struct jobs;
struct cloud_message;

/* All are borrowed for life; NULL when memory runs out. */
struct jobs *jobs_new(
    struct store *store, struct sender *sender, struct rates *rates);
void jobs_free(struct jobs *jobs);

/* Do what was asked; answer on <topic>/accepted or /rejected, to the asking
 * client only; then notify the thing. `topic` is read from the message's. */
void jobs_request(struct jobs *jobs, const struct topic_jobs *topic,
    const struct cloud_message *message);

/* End what took longer than its stepTimeoutInMinutes. */
void jobs_tick(struct jobs *jobs);

#endif
