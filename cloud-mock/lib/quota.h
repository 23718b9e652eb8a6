/* quota.h - so much a second, a second's worth of it at once (a token bucket).
 *
 * Pure: the caller brings the clock; one that is set back gives nothing. */

#ifndef CLOUD_MOCK_QUOTA_H
#define CLOUD_MOCK_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct quota {
    int64_t per_s; /* at most a million million */
    int64_t level; /* thousandths; below 0: so much is owed */
    int64_t at_ms; /* of the level */
};

/* Full: a second's worth is there. */
void quota_start(struct quota *quota, int64_t per_s, int64_t now_ms);

/* One more?  False: it would be too many, and nothing is taken. */
bool quota_take(struct quota *quota, int64_t now_ms);

/* Take `amount`, also what is not there. */
void quota_spend(struct quota *quota, int64_t amount, int64_t now_ms);
/* Until nothing is owed; 0: go ahead. */
int64_t quota_wait_ms(struct quota *quota, int64_t now_ms);

#endif
