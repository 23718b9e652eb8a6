/* watchers.h - who wants to hear of a JSON value each time it changes.
 *
 * A list that may change while it is told: a watcher may add or remove any
 * watcher, itself too, from its callback.  Zero is an empty list; clear it at
 * the end.  Not thread-safe. */

#ifndef CORE_WATCHERS_H
#define CORE_WATCHERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "core/json.h"

/* `value` is lent for the call. */
typedef void watchers_callback(
    void *context, const struct json *value, int64_t version);

struct watcher;

struct watchers {
    struct watcher *first;
    bool telling;
};

/* `untold`: watchers_tell has something for it already.  ERR_NO_MEMORY. */
enum err watchers_add(struct watchers *watchers, watchers_callback *callback,
    void *context, bool untold) MUST_CHECK;

/* Every one with this context; it hears nothing more. */
void watchers_remove(struct watchers *watchers, const void *context);

/* There is news for all; false: there are none. */
bool watchers_mark(struct watchers *watchers);

/* Tell those who are untold. */
void watchers_tell(
    struct watchers *watchers, const struct json *value, int64_t version);

void watchers_clear(struct watchers *watchers);

#endif
