/* store_history.h - what happened to a device, newest last, bounded. */

#ifndef CLOUDD_STORE_HISTORY_H
#define CLOUDD_STORE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudd/store.h"
#include "core/json.h"

#define STORE_HISTORY_MOST                                                     \
    1000 /* events of one device; the oldest go first                          \
          */
#define STORE_HISTORY_PAGE 100

struct store_event {
    const char *thing;
    int64_t ts_ms;
    const char *kind; /* connected, disconnected, setting, registered,
                         certificate, alarm, event, ownership, claim, command */
    const char *who;  /* NULL: nobody we know */
    const char *text;
    const struct json *detail; /* NULL: none */
};

enum err store_history_add(
    struct store *store, const struct store_event *event) MUST_CHECK;

/* An array of at most STORE_HISTORY_PAGE events older than `before_ms`, newest
 * first; `kind` NULL: all kinds.  The caller frees *out. */
enum err store_history_list(struct store *store, const char *thing,
    const char *kind, int64_t before_ms, struct json **out) MUST_CHECK;

/* Forget a thing's. */
enum err store_history_wipe(struct store *store, const char *thing) MUST_CHECK;

/* Is the newest event of kind connected or disconnected of kind `kind`? */
bool store_history_last_is(
    struct store *store, const char *thing, const char *kind);
/* Is there an event of this kind at all? */
bool store_history_has(
    struct store *store, const char *thing, const char *kind);

/* The event as the page gets it; NULL: out of memory. */
struct json *store_event_json(const struct store_event *event);

#endif
