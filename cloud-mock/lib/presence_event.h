/* presence_event.h - the exact shapes of AWS's lifecycle events (contract
 * section 6).  Each is published, or what failed is said in the log. */

#ifndef CLOUD_MOCK_PRESENCE_EVENT_H
#define CLOUD_MOCK_PRESENCE_EVENT_H

#include <stdbool.h>

#include "cloud-mock/lib/presence.h"
#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store_presence.h"

/* A new session identifier: a random UUID. */
enum err presence_event_session(
    struct sender *sender, char text[37]) MUST_CHECK;

void presence_event_connected(
    struct sender *sender, const struct store_presence *record);
void presence_event_disconnected(
    struct sender *sender, const struct store_presence *record, bool by_client);
void presence_event_subscribed(struct sender *sender,
    const struct store_presence *record, const char *filter, bool subscribed);

/* The client's id is its own word: one that would not stay a single level of
 * a topic gets no event. */
void presence_event_refused(
    struct sender *sender, const struct presence_arrival *arrival);

#endif
