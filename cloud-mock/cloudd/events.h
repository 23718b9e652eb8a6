/* events.h - everybody who watches, by server-sent events (WHATWG HTML 9.2).
 *
 * A reader that does not keep up is dropped and comes back by itself; a ping
 * every EVENTS_PING_MS lets both ends notice a dead connection. */

#ifndef CLOUDD_EVENTS_H
#define CLOUDD_EVENTS_H

#include <stdbool.h>

#include "cloudd/http.h"
#include "core/json.h"
#include "core/loop.h"

#define EVENTS_PING_MS      15000
#define EVENTS_QUEUE_BYTES  (256 * 1024)
#define EVENTS_READERS_MOST 64
#define EVENTS_SESSION_MOST 8       /* readers of one session */
#define EVENTS_LIFE_MS      3600000 /* then the reader must log in again */

struct events;

/* May this user hear the event `name` about `thing`?  Asked for each event
 * whose data names a thing ("thingName"); others are for everybody. */
typedef bool events_may_hear(
    void *context, const char *user, const char *name, const char *thing);

struct events *events_new(
    struct loop *loop, events_may_hear *may_hear, void *context);
/* After http_free, which ends the readers. */
void events_free(struct events *events);

/* Answer `request` with the stream, for this user and the session with this
 * digest.  ERR_TOO_BIG: too many readers, not answered. */
enum err events_join(struct events *events, struct http_request *request,
    const char *user, const char *session) MUST_CHECK;
void events_end_session(struct events *events, const char *session);

/* Tell everybody who may hear it; takes `data`, NULL is dropped. */
void events_send(struct events *events, const char *name, struct json *data);
/* Tell one user, whatever it is about. */
void events_send_to(struct events *events, const char *user, const char *name,
    struct json *data);

#endif
