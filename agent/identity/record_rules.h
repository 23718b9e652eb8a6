/* record_rules.h - may this record follow that one on this device? */

#ifndef IDENTITY_RECORD_RULES_H
#define IDENTITY_RECORD_RULES_H

#include "identity/record.h"

enum record_verdict {
    RECORD_TAKE,
    RECORD_STALE,     /* it does not follow the one the device has */
    RECORD_NOT_YOURS, /* who signed may not do this, or did not sign it */
    RECORD_WRONG      /* it is for another device, or cannot be */
};

struct record_place {
    const char *thing;
    const struct hit *hit;
    const struct record *before;    /* NULL: none ever was */
    const unsigned char *claim_key; /* P256_POINT; NULL: not in a claim */
};

/* `why` (static) says it for people.  A record by the device itself is never
 * taken: the device makes its own. */
enum record_verdict record_judge(const struct record *next,
    const struct record_place *place, const char **why);

#endif
