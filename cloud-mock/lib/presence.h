/* presence.h - who is connected, and AWS's lifecycle events (contract
 * section 6).
 *
 * A broker tells of an arrival before the connection is complete, and may tell
 * again of one that is there (a reload); an arrival becomes "connected" at the
 * next tick, so that the events of a takeover come in the order of time. */

#ifndef CLOUD_MOCK_PRESENCE_H
#define CLOUD_MOCK_PRESENCE_H

#include <stdbool.h>

#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store.h"

enum presence_reason {
    PRESENCE_CLIENT_INITIATED,
    PRESENCE_CONNECTION_LOST,
    PRESENCE_KEEP_ALIVE_TIMEOUT,
    PRESENCE_DUPLICATE_CLIENTID,
    PRESENCE_CLIENT_ERROR,
    PRESENCE_AUTH_ERROR,
    PRESENCE_FORBIDDEN_ACCESS,
    PRESENCE_API_INITIATED,
    PRESENCE_SERVER_INITIATED,
    PRESENCE_SERVER_ERROR,
    PRESENCE_THROTTLED
};

/* AWS's word for it; static. */
const char *presence_reason_name(enum presence_reason reason);

struct presence;

/* Store and sender are borrowed for life.  Whoever the store says is
 * connected is not.  NULL: no memory, or the store fails. */
struct presence *presence_new(struct store *store, struct sender *sender);
void presence_free(struct presence *presence);

struct presence_arrival {
    const char *client; /* of a thing: the thing's name */
    const char *certificate;
    const char *ip;
    const void *connection; /* tells connections of one client apart */
};

/* ERR_NO_MEMORY or ERR_IO: refuse the connection. */
enum err presence_arrive(struct presence *presence,
    const struct presence_arrival *arrival) MUST_CHECK;

/* A connection ended; one that never arrived is ignored. */
void presence_leave(struct presence *presence, const char *client,
    const void *connection, enum presence_reason reason);

/* Is this its connection, there or arriving? */
bool presence_has(const struct presence *presence, const char *client,
    const void *connection);
/* Has it arrived, and not left? */
bool presence_is_here(const struct presence *presence, const char *client);

/* The certificate of the connection that is there; NULL: none; lent. */
const char *presence_certificate(
    const struct presence *presence, const char *client);

/* An attempt was refused: connect_failed.  The client's id is its own word. */
void presence_refused(
    struct presence *presence, const struct presence_arrival *arrival);

/* An arrival is not welcome after all: connect_failed, and its connection is
 * closed at the next tick.  False: it is not arriving. */
bool presence_turn_away(struct presence *presence, const char *client);

void presence_subscribed(struct presence *presence, const char *client,
    const char *filter, bool subscribed);

/* Close the client's connection at the next tick, for this reason.  False: it
 * is not connected. */
bool presence_kick(
    struct presence *presence, const char *client, enum presence_reason reason);
/* The same, because the certificate is no longer good; a connection with
 * another certificate is left alone. */
void presence_revoke(
    struct presence *presence, const char *client, const char *certificate);

void presence_tick(struct presence *presence);

#endif
