/* mqtt.h - one MQTT connection by Paho, its threads kept behind this door.
 *
 * Paho calls back on its own threads; here everything is copied and comes on
 * the loop.  Paho's own reconnecting is not used, nor its persistence on disk:
 * both lose messages (see docs/decisions.md). */

#ifndef CLOUD_MQTT_H
#define CLOUD_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/hint.h"
#include "core/err.h"
#include "core/loop.h"

#define MQTT_WINDOW  100 /* publishes in flight; AWS IoT takes no more */
#define MQTT_TAGS    2   /* of one message */
#define MQTT_FILTERS 8   /* filters in one SUBSCRIBE; AWS IoT takes no more */

struct mqtt_room; /* Paho itself; one a process */
struct mqtt;      /* one connection, from CONNECT to its end */

/* Before any other thread: http_proxy is taken out of the environment, where
 * Paho looks for it.  ERR_NO_MEMORY, ERR_IO: Paho did not start. */
enum err mqtt_room_new(struct loop *loop, struct mqtt_room **out) MUST_CHECK;
void mqtt_room_free(struct mqtt_room *room); /* after its connections */

enum mqtt_reason {
    MQTT_CLOSED,         /* by us, as asked */
    MQTT_LOST,           /* the stream below ended; the link knows why */
    MQTT_BAD_VERSION,    /* CONNACK: not this protocol version */
    MQTT_BAD_CLIENT_ID,  /* CONNACK: the identifier is refused */
    MQTT_BUSY,           /* CONNACK or DISCONNECT: later, please */
    MQTT_NOT_AUTHORISED, /* CONNACK or DISCONNECT: policy says no */
    MQTT_TAKEN_OVER,     /* DISCONNECT: another client has our id */
    MQTT_ELSEWHERE,      /* CONNACK or DISCONNECT: go to another server */
    MQTT_NO_RETAIN,      /* CONNACK or DISCONNECT: it keeps no messages */
    MQTT_NO_QOS_1,       /* it acknowledges nothing */
    MQTT_NO_PUBACK,      /* a publish was not acknowledged in time */
    MQTT_KICKED,         /* DISCONNECT for another reason */
    MQTT_REFUSED         /* CONNACK: another reason */
};

struct mqtt_end {
    enum mqtt_reason reason;
    int code; /* the CONNACK's or DISCONNECT's, 0 when there was none */
    const struct hint *hint; /* the DISCONNECT's, lent for the call, or NULL;
                                Paho keeps the CONNACK's to itself */
};

/* What travels beside a payload; with MQTT 3.1.1 nothing does. */
struct mqtt_tag {
    const char *name, *value;
};

struct mqtt_message {
    const char *topic;
    const void *payload;
    size_t len;
    bool retain;
    /* In a publish only: */
    uint32_t expiry_s; /* seconds the broker may keep it; 0: for ever */
    const struct mqtt_tag *tags; /* user properties, at most MQTT_TAGS */
    size_t tag_count;
};

struct mqtt_events {
    void (*connected)(void *context, bool session_present);
    /* PUBACK, exactly once for each mqtt_publish unless the connection ends
     * first; not `accepted`: the broker refused it for ever. */
    void (*published)(void *context, uint64_t token, bool accepted);
    /* SUBACK; not `accepted`: at least one filter was refused. */
    void (*subscribed)(void *context, bool accepted);
    void (*message)(void *context, const struct mqtt_message *message);
    void (*ended)(void *context, const struct mqtt_end *end); /* exactly once */
    void *context;
};

struct mqtt_options {
    uint16_t port; /* on loopback, where the link waits */
    const char *client_id;
    bool version_5; /* else 3.1.1 */
    uint16_t keep_alive_s;
    uint32_t session_expiry_s; /* MQTT 5; 3.1.1 leaves it to the broker */
    uint32_t timeout_ms;       /* until CONNACK */
    uint32_t puback_ms;        /* how long the oldest publish may wait */
    struct mqtt_message will;  /* QoS 1; no topic: none */
};

/* Connect; options are borrowed for the call. */
enum err mqtt_start(struct mqtt_room *room, const struct mqtt_options *options,
    const struct mqtt_events *events, struct mqtt **out) MUST_CHECK;

/* QoS 1, retained only if the broker keeps messages.  ERR_AGAIN: the window is
 * full; ERR_TOO_BIG: the broker said that it takes no packet of that size;
 * ERR_IO: not connected, ended, or closed. */
enum err mqtt_publish(struct mqtt *mqtt, uint64_t token,
    const struct mqtt_message *message) MUST_CHECK;

/* At most MQTT_FILTERS filters, QoS 1. */
enum err mqtt_subscribe(
    struct mqtt *mqtt, char *const *filters, size_t count) MUST_CHECK;

/* Publishes of the outbox that may be sent now: few before the first PUBACK
 * came, one more with each, and never more than the broker's Receive Maximum
 * less a twentieth: what is answered at once must not wait behind a backlog. */
unsigned mqtt_room_in_window(const struct mqtt *mqtt);

/* The broker's Server Keep Alive (MQTT 5 section 3.2.2.3.14), which Paho obeys;
 * 0: it has none. */
uint16_t mqtt_server_keep_alive_s(const struct mqtt *mqtt);

/* Say DISCONNECT; `ended` comes within a second. */
void mqtt_disconnect(struct mqtt *mqtt);

/* End it at once, without a word; no event comes any more.  It may still be
 * published on, by whoever has not heard of that. */
void mqtt_close(struct mqtt *mqtt);
/* The same, and all that it took is given back in the loop's next turn; until
 * then it may be published on.  NULL is fine for both. */
void mqtt_free(struct mqtt *mqtt);

#endif
