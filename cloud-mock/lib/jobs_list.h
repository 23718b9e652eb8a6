/* jobs_list.h - the list of what waits for a thing, and the two notifications
 * of its changes (contract section 3.4).
 *
 * Around every change: mark, change, tell. */

#ifndef CLOUD_MOCK_JOBS_LIST_H
#define CLOUD_MOCK_JOBS_LIST_H

#include <stdbool.h>

#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store_jobs.h"

/* Is it on the list: neither done nor given up? */
bool jobs_list_has(const struct store_execution *execution);

/* The first one of a thing's list; the caller frees it with
 * store_execution_free.  ERR_NOT_FOUND: the list is empty. */
enum err jobs_list_first(struct store *store, const char *thing,
    struct store_execution *out) MUST_CHECK;

/* Two arrays of JobExecutionSummary, taken by the caller. */
struct jobs_lists {
    struct json *in_progress;
    struct json *queued;
};
/* At most `pending->limit` in both together; nothing to free on failure. */
enum err jobs_list_read(struct store *store,
    const struct store_pending *pending, struct jobs_lists *out) MUST_CHECK;

struct jobs_list_mark {
    char first[TOPIC_JOB_SIZE]; /* "": the list is empty */
};
enum err jobs_list_mark(struct store *store, const char *thing,
    struct jobs_list_mark *mark) MUST_CHECK;

/* notify when something came onto the list or left it (`longer_or_shorter`),
 * notify-next when another one is first than at the mark.  What fails is said
 * in the log: the change itself is stored. */
struct jobs_list_change {
    const char *thing;
    struct jobs_list_mark mark;
    bool longer_or_shorter;
};
void jobs_list_tell(struct store *store, struct sender *sender,
    const struct jobs_list_change *change);

#endif
