/* topic.h - what a topic or a filter says, read without copying. */

#ifndef CLOUD_MOCK_TOPIC_H
#define CLOUD_MOCK_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

#define TOPIC_SHADOW_NAME_MAX  64 /* contract section 2 */
#define TOPIC_SHADOW_NAME_SIZE (TOPIC_SHADOW_NAME_MAX + 1)
#define TOPIC_THING_MAX        128
#define TOPIC_THING_SIZE       (TOPIC_THING_MAX + 1)
#define TOPIC_JOB_MAX          64 /* contract section 3.6 */
#define TOPIC_JOB_SIZE         (TOPIC_JOB_MAX + 1)

/* The number of '/' in it. */
size_t topic_slashes(const char *topic);

/* Is it a filter that matches more than one topic? */
bool topic_has_wildcard(const char *topic);

bool topic_begins_with(const char *topic, const char *prefix);

/* Does it match `pattern`?  In a pattern a level "%t" stands for `thing`
 * itself and "%s" for any name of a shadow; all else is literal. */
bool topic_matches(const char *topic, const char *pattern, const char *thing);

enum topic_shadow_operation {
    TOPIC_SHADOW_GET,
    TOPIC_SHADOW_UPDATE,
    TOPIC_SHADOW_DELETE
};

struct topic_shadow {
    char thing[TOPIC_THING_SIZE];
    char name[TOPIC_SHADOW_NAME_SIZE]; /* "" is the classic shadow */
    enum topic_shadow_operation operation;
};

/* False when it is not a request to a shadow. */
bool topic_read_shadow(const char *topic, struct topic_shadow *out);

enum topic_jobs_operation {
    TOPIC_JOBS_PENDING,    /* .../jobs/get */
    TOPIC_JOBS_START_NEXT, /* .../jobs/start-next */
    TOPIC_JOBS_DESCRIBE,   /* .../jobs/<j>/get */
    TOPIC_JOBS_UPDATE,     /* .../jobs/<j>/update */
    TOPIC_JOBS_UNKNOWN     /* anything else below .../jobs/ */
};

struct topic_jobs {
    char thing[TOPIC_THING_SIZE];
    char job[TOPIC_JOB_SIZE]; /* "$next": to be described */
    enum topic_jobs_operation operation;
};

/* False when it does not lie below a thing's jobs (contract section 3). */
bool topic_read_jobs(const char *topic, struct topic_jobs *out);

bool topic_is_job_id(const char *id);

/* A thing's or a shadow's name of AWS IoT's alphabet and length? */
bool topic_is_thing_name(const char *name);
bool topic_is_shadow_name(const char *name);

#endif
