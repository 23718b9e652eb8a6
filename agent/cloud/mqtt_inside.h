/* mqtt_inside.h - what the files mqtt*.c share and nobody else sees. */

#ifndef CLOUD_MQTT_INSIDE_H
#define CLOUD_MQTT_INSIDE_H

#include <MQTTAsync.h>
#include <stdatomic.h>

#include "cloud/mqtt.h"
#include "cloud/mqtt_unsent.h"

/* A publish in flight. */
struct slot {
    struct mqtt *mqtt;
    uint64_t token;
    bool used;         /* on the loop only */
    uint64_t number;   /* in the order they were sent */
    size_t len;        /* of its payload */
    struct slot *next; /* of `answered` */
    bool accepted;     /* by the broker, once answered */
};

struct mqtt_room {
    struct loop *loop;
    MQTTAsync anchor;
    struct loop_turn *turn;
    bool told; /* Paho, in this turn, and it may sleep on until its end */
    struct mqtt *dead; /* to be buried; newest first */
};

/* What the broker's CONNACK allows. */
struct mqtt_limits {
    unsigned window;       /* Receive Maximum, at most MQTT_WINDOW */
    uint32_t packet_bytes; /* Maximum Packet Size; 0: any */
    uint16_t keep_alive_s; /* Server Keep Alive; 0: it has none */
    bool no_retain;
    bool no_qos_1;
};

struct mqtt {
    struct mqtt_room *room;
    struct mqtt_events events;
    MQTTAsync client;
    bool version_5;
    bool dead;                       /* on the loop: nothing is told any more */
    bool ended;                      /* on the loop: `ended` was told */
    unsigned in_use;                 /* slots */
    unsigned opened;                 /* of the window: grows with each PUBACK */
    _Atomic(struct slot *) answered; /* not told yet, the last one first */
    atomic_bool is_posted;           /* that there are some */
    size_t filters;                  /* of the last SUBSCRIBE */
    unsigned owed;                   /* answers, to all but publishes */
    bool awaits; /* on the loop: mqtt_nap knows that something is owed */
    uint16_t keep_alive_s; /* as asked */
    struct mqtt_limits limits;
    uint32_t puback_ms;
    struct loop_timer *look; /* mqtt_watch.c: while something is in flight */
    uint64_t sent, looked_at;
    int64_t looked_ms;
    struct slot slots[MQTT_WINDOW];
    struct mqtt_unsent unsent;
    struct mqtt *next_dead;
};

/* Set Paho's callbacks; they come on its threads, with a struct mqtt as
 * context, or a struct slot for publishes. */
void mqtt_report_connecting(
    struct mqtt *mqtt, MQTTAsync_connectOptions *options);
void mqtt_report_publishing(
    struct slot *slot, MQTTAsync_responseOptions *options);
void mqtt_report_subscribing(
    struct mqtt *mqtt, MQTTAsync_responseOptions *options);
void mqtt_report_disconnecting(
    struct mqtt *mqtt, MQTTAsync_disconnectOptions *options);
/* False when Paho refuses them. */
bool mqtt_report_arrivals(struct mqtt *mqtt);

/* What a reason code means. */
enum mqtt_reason mqtt_reason_of_connack(int code);
enum mqtt_reason mqtt_reason_of_disconnect(int code);

/* On the loop: a publish left, or was answered, or all is over. */
void mqtt_watch_sent(struct mqtt *mqtt, struct slot *slot, size_t len);
void mqtt_watch_answered(struct mqtt *mqtt);
void mqtt_watch_stop(struct mqtt *mqtt);

/* On the loop: an answer became owed, or came, or never will. */
void mqtt_attend(struct mqtt *mqtt);

/* From any thread: a PUBACK came. */
void mqtt_report_puback(struct slot *slot, bool accepted);

/* From any thread: the connection is over. */
void mqtt_report_end(struct mqtt *mqtt, enum mqtt_reason reason, int code);

#endif
