/* jobs_record.h - the job that is worked on, on disk: after a kill or a power
 * cut it goes on where it was, and what it ended with is told.
 *
 * A step is written down before it begins, so that one which takes the device
 * down with it is not tried for ever. */

#ifndef DEVICE_JOBS_RECORD_H
#define DEVICE_JOBS_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "device/jobs_document.h"

#define JOBS_ID 65 /* AWS: 1 to 64 of [a-zA-Z0-9_-]; and a NUL */

enum jobs_outcome {
    JOBS_UNDECIDED,
    JOBS_SUCCEEDED,
    JOBS_FAILED,  /* it was tried */
    JOBS_REJECTED /* it was not */
};
const char *jobs_outcome_name(enum jobs_outcome outcome); /* AWS's status */

struct jobs_record {
    char id[JOBS_ID]; /* "": there is none */
    int64_t number;   /* of the execution */
    size_t step;      /* begun last, from 0 */
    size_t steps;     /* of the document; 0: not known */
    unsigned tries;   /* of that step; 0: none was begun */
    enum jobs_outcome outcome;
    char reason[JOBS_WORDS]; /* when it did not succeed */
};

/* There is none when the file is not there or is no record, which is logged. */
void jobs_record_read(const char *path, struct jobs_record *out);

/* On the disk when it returns.  As file_replace. */
enum err jobs_record_keep(
    const char *path, const struct jobs_record *record) MUST_CHECK;
void jobs_record_forget(const char *path);

#endif
