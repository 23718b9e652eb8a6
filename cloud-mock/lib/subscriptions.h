/* subscriptions.h - how many filters each connection has subscribed to. */

#ifndef CLOUD_MOCK_SUBSCRIPTIONS_H
#define CLOUD_MOCK_SUBSCRIPTIONS_H

#include <stdbool.h>

struct subscriptions;

struct subscriptions *subscriptions_new(void); /* NULL: no memory */
void subscriptions_free(struct subscriptions *subscriptions);

/* Count a filter once.  False: it would be one too many for a connection. */
bool subscriptions_add(struct subscriptions *subscriptions, const char *client,
    const char *filter);
void subscriptions_remove(struct subscriptions *subscriptions,
    const char *client, const char *filter);

/* Count a filter of a SUBSCRIBE packet, its first one or a further one.
 * False: it is one too many for a packet. */
bool subscriptions_in_packet(
    struct subscriptions *subscriptions, const char *client, bool first);

/* A new connection begins without any. */
void subscriptions_forget(
    struct subscriptions *subscriptions, const char *client);

#endif
