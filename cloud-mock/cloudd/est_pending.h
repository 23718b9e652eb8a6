/* est_pending.h - enrolments that wait for a person, or for a time (RFC 7030
 * section 4.2.3, 202).  Pure: time is told.  In memory: who waits asks again.
 */

#ifndef CLOUDD_EST_PENDING_H
#define CLOUDD_EST_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/json.h"

#define EST_PENDING_MOST 256 /* then the oldest is forgotten */

struct est_pending;

enum est_verdict { EST_GO_ON, EST_WAIT, EST_REFUSED };

/* Each waits `delay_ms`, or, with `by_hand`, until a person says so.  NULL: out
 * of memory. */
struct est_pending *est_pending_new(bool by_hand, int64_t delay_ms);
void est_pending_free(struct est_pending *pending);

/* The same request (`id`, of 64 hex digits) has come, perhaps again; *wait_ms
 * is when it should come again. */
enum est_verdict est_pending_ask(struct est_pending *pending, const char *id,
    const char *thing, int64_t now_ms, int64_t *wait_ms);
/* It got its certificate. */
void est_pending_done(struct est_pending *pending, const char *id);

/* A person's word.  False: no such request waits. */
bool est_pending_decide(
    struct est_pending *pending, const char *id, bool approved);

/* [{"id","thingName","since","decision"?}]; NULL: out of memory. */
struct json *est_pending_json(const struct est_pending *pending);

#endif
