/* description_check.h - is this what a maker may write in a Thing Description?
 *
 * Only what the agent adds and the page draws from is checked; other members
 * are the maker's and travel as they are. */

#ifndef DEVICE_DESCRIPTION_CHECK_H
#define DEVICE_DESCRIPTION_CHECK_H

#include "core/err.h"
#include "core/json.h"

struct description_fault {
    char place[300];      /* JSON pointer (RFC 6901), cut when too long */
    const char *expected; /* static: "a number above 0" */
};

/* ERR_INVALID with the first fault. */
enum err description_check(
    const struct json *td, struct description_fault *fault) MUST_CHECK;

#endif
