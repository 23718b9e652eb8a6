/* jobs.h - what the fleet's operator orders and the device does when it can.
 *
 * Source: AWS IoT Jobs over MQTT, $aws/things/<t>/jobs/...  One job at a time,
 * in the cloud's order.  Whenever a connection is there and no job is at hand,
 * the next is asked for: notices are not repeated to who was away.  A job is
 * done at least once; a step that did not end, since the device did, is begun
 * again, JOBS_TRIES times in all.  What a job ended with is kept on disk until
 * the cloud has it. */

#ifndef DEVICE_JOBS_H
#define DEVICE_JOBS_H

#include <stdint.h>

#include "cloud/session.h"
#include "core/err.h"
#include "core/loop.h"

#define JOBS_TRIES 3

struct jobs;

struct jobs_options {
    struct session *session; /* must not have started */
    struct loop *loop;
    const char *thing;
    const char *folder;   /* where it remembers the job at hand */
    const char *handlers; /* the folder of programs that jobs may name */
    uint64_t step_ms;     /* a step that takes longer is killed */
};

/* Everything is borrowed for life, which ends when nothing can come from the
 * session any more.  After a failure the session must not be started. */
enum err jobs_new(
    const struct jobs_options *options, struct jobs **out) MUST_CHECK;
/* A handler runs on; its step is begun again by the next life.  NULL is fine.
 */
void jobs_free(struct jobs *jobs);

#endif
