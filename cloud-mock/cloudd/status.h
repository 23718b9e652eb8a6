/* status.h - what a person is told about a device's connection.
 *
 * Pure: facts come in with the caller's wall clock (milliseconds), what is
 * shown comes out.  A loss shows after STATUS_DEBOUNCE_MS; a device that is
 * back by then was never gone.  Good news shows at once. */

#ifndef CLOUDD_STATUS_H
#define CLOUDD_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#define STATUS_DEBOUNCE_MS 10000

enum status_state {
    STATUS_NEVER,   /* known, but has not connected yet */
    STATUS_ONLINE,  /* connected and heard of */
    STATUS_SILENT,  /* connected, but nothing comes */
    STATUS_OFFLINE, /* not connected */
    STATUS_BLOCKED, /* no certificate of it is accepted */
};

/* Zero is a device never seen.  Read `state` and `since_ms`; the rest is the
 * functions' own. */
struct status {
    enum status_state state; /* shown */
    int64_t since_ms;        /* of what is shown */
    int64_t heard_ms;        /* last sign of life; 0: never */
    char reason[48]; /* of the last disconnect, as AWS names it, or "" */
    bool ever, connected, blocked;
    int64_t changed_ms; /* of `connected` */
    int64_t came_ms;    /* start of the connection, blips ignored */
    int64_t blocked_ms;
};

/* Facts, idempotent; what is shown changes in status_tick only. */
void status_connected(struct status *status, int64_t at_ms);
void status_disconnected(
    struct status *status, int64_t at_ms, const char *reason);
void status_heard(struct status *status, int64_t at_ms);
void status_block(struct status *status, bool blocked, int64_t at_ms);

/* Show what the facts say at `now_ms`; true: it differs from before. */
bool status_tick(struct status *status, int64_t now_ms, int64_t silent_ms);

/* When a tick may next change something without new facts; -1: never. */
int64_t status_due(const struct status *status, int64_t silent_ms);

const char *status_name(enum status_state state);
/* "lost power or network (keep-alive ran out)"; for a reason we do not know,
 * words that say so. */
const char *status_reason_words(const char *reason);

#endif
