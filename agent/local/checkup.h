/* checkup.h - doctor looks at the operational identity (docs/enrolment.md). */

#ifndef LOCAL_CHECKUP_H
#define LOCAL_CHECKUP_H

#include <stdint.h>

#include "identity/generations.h"
#include "local/findings.h"
#include "local/settings.h"

/* Add what was found, unless the agent does not enrol.  Gives the generation
 * that the agent shows, the caller's to free; NULL: the factory's. */
struct generation *checkup_operational(
    struct findings *f, const struct settings *settings, int64_t now_s);

#endif
