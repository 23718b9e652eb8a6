/* outage.h - the last time without a connection: since when, and why.
 *
 * Told to the cloud once the device is back (docs/protocol.md,
 * nameplate/<t>/status).  An outage can have several reasons one after the
 * other (lost, then dns, then tcp); the first OUTAGE_REASONS different ones
 * are kept, with the detail of the latest. */

#ifndef CLOUD_OUTAGE_H
#define CLOUD_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/verdict.h"
#include "core/json.h"

#define OUTAGE_REASONS 4

/* Zero is none. */
struct outage {
    int64_t from_ms;                 /* wall clock; 0: none */
    int64_t to_ms;                   /* 0: it is not over */
    const char *why[OUTAGE_REASONS]; /* static words */
    size_t count;
    unsigned tries; /* that failed meanwhile */
    char detail[480];
};

/* Offline from `now_ms` on, or still, because of `verdict`.  One that is over
 * is forgotten. */
void outage_note(
    struct outage *outage, const struct verdict *verdict, int64_t now_ms);

/* It is over. */
void outage_end(struct outage *outage, int64_t now_ms);

/* {"from":...,"to":...,"why":["lost","dns"],"tries":3,"detail":"..."}; the
 * caller frees.  NULL: there was none that is over, or no memory. */
struct json *outage_json(const struct outage *outage);

#endif
