/* filters.h - which message goes to whom. */

#ifndef CLOUD_FILTERS_H
#define CLOUD_FILTERS_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud/session.h"
#include "core/err.h"

#define FILTERS_MAX 8 /* one SUBSCRIBE holds them all (AWS IoT quota) */

struct filters {
    char *texts[FILTERS_MAX];
    session_message_callback *callbacks[FILTERS_MAX];
    void *contexts[FILTERS_MAX];
    size_t count;
    const char *broker; /* lent: whose session holds them; NULL: whoever's */
};

/* MQTT 5 section 4.7.  A filter that begins with a wildcard does not match a
 * topic that begins with '$'; "a/#" matches "a" too. */
bool filters_match(const char *filter, const char *topic);

/* ERR_INVALID: not a filter by section 4.7.1; ERR_TOO_BIG: FILTERS_MAX. */
enum err filters_add(struct filters *filters, const char *filter,
    session_message_callback *callback, void *context) MUST_CHECK;

/* True when somebody wanted the message. */
bool filters_route(
    const struct filters *filters, const struct session_message *message);

/* What the broker was asked to keep, so that a restart need not ask again.
 * `path` is replaced; a failure is logged and costs a SUBSCRIBE next time. */
void filters_remember(const struct filters *filters, const char *path);
bool filters_are_remembered(const struct filters *filters, const char *path);
void filters_forget(const char *path);

void filters_clear(struct filters *filters);

#endif
