/* connection.h - a link and MQTT over it, as one thing with one end. */

#ifndef CLOUD_CONNECTION_H
#define CLOUD_CONNECTION_H

#include "cloud/link.h"
#include "cloud/mqtt.h"
#include "cloud/verdict.h"
#include "core/err.h"
#include "core/loop.h"

struct connection;

struct connection_options {
    struct loop *loop;
    struct mqtt_room *room;
    struct link_options link; /* borrowed as link_start says */
    struct mqtt_options mqtt; /* borrowed for the call; port and timeout are
                                 filled in here */
};

struct connection_events {
    void (*connected)(void *context, bool session_present);
    void (*subscribed)(void *context);
    void (*published)(void *context, uint64_t token, bool accepted);
    void (*message)(void *context, const struct mqtt_message *message);
    void (*ended)(void *context, const struct verdict *verdict); /* once */
    void *context;
};

/* Dial, prove, CONNECT.  A step that takes too long ends the connection. */
enum err connection_start(const struct connection_options *options,
    const struct connection_events *events, struct connection **out) MUST_CHECK;

/* Subscribe; `subscribed` comes, or the end with the reason. */
void connection_subscribe(
    struct connection *c, char *const *filters, size_t count);

/* From now on somebody else hears of it. */
void connection_tell(
    struct connection *c, const struct connection_events *events);

/* Say DISCONNECT; `ended` comes soon. */
void connection_close(struct connection *c);

/* Did the broker prove itself? */
bool connection_is_up(const struct connection *c);

/* As link_look_again. */
void connection_look_again(struct connection *c, bool must_probe);

/* Lent for publishing; NULL once the end has begun. */
struct mqtt *connection_mqtt(const struct connection *c);

/* Where the next one should begin: here when the broker had us in; at the next
 * broker when it believed us and had us not. */
struct link_route connection_next_route(const struct connection *c);

/* Where it is or was; while it is being made, where it begins. */
const struct broker *connection_broker(const struct connection *c);

/* What the broker advised at the end; lent. */
const struct hint *connection_hint(const struct connection *c);

struct link_bytes connection_bytes(const struct connection *c);

/* End it without a word.  NULL is fine; wanted also after `ended`. */
void connection_free(struct connection *c);

#endif
