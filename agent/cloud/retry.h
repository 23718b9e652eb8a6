/* retry.h - how long a session waits before its next try.  No clock, no socket.
 *
 * A connection counts as good only after it proved stable; what the broker said
 * at the end of the last one can make the wait longer, never shorter. */

#ifndef CLOUD_RETRY_H
#define CLOUD_RETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud/verdict.h"
#include "core/backoff.h"

#define RETRY_FIRST_MS   1000
#define RETRY_CEILING_MS 120000
#define RETRY_QUICK_MS   2000  /* once stable: so long waits are as the first */
#define RETRY_SLOW_MS    30000 /* at least, when soon would make it worse */
#define RETRY_STABLE_MS  30000 /* online for so long: it is stable */
#define RETRY_RIVAL_MS   600000 /* ... when a rival with our name is likely */
#define RETRY_HINT_S     3600   /* the longest a broker may ask for */

struct retry {
    struct backoff backoff;
    unsigned short_lives; /* connections lost before they were stable */
    bool has_rival;       /* the last end looked like one with our name */
};

struct retry retry_begin(const char *thing);

/* A connection that was online ended so.  `stable`: retry_stable was told.  One
 * that our own interface ended says nothing of a rival. */
void retry_note_life(
    struct retry *retry, bool stable, const struct verdict *verdict);

/* A connection ended; adds to the verdict what only many ends together say. */
void retry_note_end(struct retry *retry, struct verdict *verdict);

/* The wait after an end with this verdict; `random` as backoff_next_ms. */
uint64_t retry_wait_ms(
    struct retry *retry, const struct verdict *verdict, uint32_t random);

/* How long the next connection must be online to be called stable: longer than
 * a rival's longest wait, when there may be one, for it would come again. */
uint64_t retry_stable_after_ms(const struct retry *retry);
void retry_stable(struct retry *retry);

#endif
