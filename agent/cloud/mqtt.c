/* mqtt.c - a connection's life; with mqtt_report.c, all that knows Paho.
 *
 * What a connection takes is given back at the latest in the loop's turn after
 * mqtt_free, however many connections come and go:
 *
 * - Paho calls back holding the mutex that MQTTAsync_destroy takes, and only
 * for a client that it finds in its list: when that returns, no callback of
 * this client runs or will.  Those that ran have posted to the loop, which
 * keeps the order.  So mqtt_free posts the burial, and what it frees is known
 * to nobody any more.
 * - What Paho was given and had not begun to send is ours (mqtt_unsent.h).
 *
 * The room keeps one client that never connects: while there is one, Paho does
 * not stop and join its threads when another is destroyed, which takes it
 * 100 ms and would block the loop.
 *
 * A connection gets few messages at first, and one more with each PUBACK: when
 * one dies before it proved itself, few must be sent again. */

#include "cloud/mqtt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/mqtt_inside.h"
#include "cloud/mqtt_nap.h"
#include "cloud/mqtt_properties.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE     "mqtt"
#define URI_BYTES  32
#define FIRST      4  /* messages, before there was a PUBACK */
#define FOR_OTHERS 20 /* a twentieth of the window is not the outbox's */

/* `unsent` may be NULL. */
static enum err create_client(const char *uri, const char *client_id,
    bool version_5, struct mqtt_unsent *unsent, MQTTAsync *out)
{
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer;
    int kind = unsent != NULL ? MQTTCLIENT_PERSISTENCE_USER
                              : MQTTCLIENT_PERSISTENCE_NONE;
    int failed;

    options.MQTTVersion = version_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    failed = MQTTAsync_createWithOptions(out, uri, client_id, kind,
        unsent != NULL ? &unsent->paho : NULL, &options);
    if (failed == MQTTASYNC_SUCCESS)
        return ERR_OK;
    log_error(MODULE, "Paho made no client code=%d", failed);
    return ERR_NO_MEMORY;
}

/* The end of a turn: the send thread may begin with what it was given. */
static void wake_sender(void *context)
{
    struct mqtt_room *room = context;

    if (room->told)
        mqtt_nap_hurry();
    room->told = false;
}

/* Paho would take MQTT in clear, meant for our loopback port, to the proxy of
 * the environment, and write a trace of every packet where it says. */
static void keep_from_environment(void)
{
    static const char *const names[] = {
        "http_proxy",
        "https_proxy",
        "MQTT_C_CLIENT_TRACE",
        "MQTT_C_CLIENT_TRACE_LEVEL",
        "MQTT_C_CLIENT_TRACE_MAX_LINES",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        (void)unsetenv(names[i]);
}

enum err mqtt_room_new(struct loop *loop, struct mqtt_room **out)
{
    struct mqtt_room *room = calloc(1, sizeof(*room));
    MQTTAsync_init_options options = MQTTAsync_init_options_initializer;
    enum err e;

    if (room == NULL)
        return ERR_NO_MEMORY;
    room->loop = loop;
    room->turn = loop_turn_start(loop, wake_sender, room);
    if (room->turn == NULL) {
        e = ERR_NO_MEMORY;
        goto free_room;
    }
    keep_from_environment();
    MQTTAsync_global_init(&options);
    /* Else it prints lines about each packet into a list that nobody reads. */
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
    e = create_client("tcp://127.0.0.1:1", "anchor", true, NULL, &room->anchor);
    if (e != ERR_OK)
        goto stop_turn;
    mqtt_nap_start();
    *out = room;
    return ERR_OK;

stop_turn:
    loop_turn_stop(room->turn);
free_room:
    free(room);
    return e;
}

/* This one and those that died before it. */
static void bury(void *context)
{
    struct mqtt *mqtt = context;
    struct mqtt **link = &mqtt->room->dead;

    while (*link != mqtt)
        link = &(*link)->next_dead;
    *link = NULL;
    while (mqtt != NULL) {
        struct mqtt *next = mqtt->next_dead;

        free(mqtt);
        mqtt = next;
    }
}

void mqtt_room_free(struct mqtt_room *room)
{
    if (room == NULL)
        return;
    mqtt_nap_disturb();
    MQTTAsync_destroy(&room->anchor); /* stops and joins Paho's threads */
    mqtt_nap_allow();
    mqtt_nap_stop();
    loop_turn_stop(room->turn);
    loop_flush(room->loop); /* what they said last belongs to the dead */
    if (room->dead != NULL)
        bury(room->dead); /* there was no memory to post it */
    free(room);
}

void mqtt_attend(struct mqtt *mqtt)
{
    bool awaits =
        !mqtt->dead && !mqtt->ended && (mqtt->owed > 0 || mqtt->in_use > 0);

    if (awaits == mqtt->awaits)
        return;
    mqtt->awaits = awaits;
    mqtt_nap_await(awaits);
}

/* Paho was told something it owes an answer to. */
static void attend_answer(struct mqtt *mqtt)
{
    mqtt->owed++;
    mqtt_attend(mqtt);
    mqtt_nap_hurry();
}

static enum err connect_client(
    struct mqtt *mqtt, const struct mqtt_options *options)
{
    MQTTAsync_connectOptions v3 = MQTTAsync_connectOptions_initializer;
    MQTTAsync_connectOptions v5 = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_connectOptions *connect = mqtt->version_5 ? &v5 : &v3;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty expiry = {
        .identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
        .value.integer4 = options->session_expiry_s};
    int failed;

    connect->keepAliveInterval = options->keep_alive_s;
    connect->connectTimeout = (int)(options->timeout_ms / 1000) + 1;
    connect->maxInflight = MQTT_WINDOW;
    if (mqtt->version_5) {
        connect->cleanstart = 0;
        if (MQTTProperties_add(&properties, &expiry) != 0)
            return ERR_NO_MEMORY;
        connect->connectProperties = &properties;
    } else {
        connect->cleansession = 0;
        connect->MQTTVersion = MQTTVERSION_3_1_1;
    }
    will.topicName = options->will.topic;
    will.payload.data = options->will.payload;
    will.payload.len = (int)options->will.len;
    will.retained = options->will.retain;
    will.qos = 1;
    if (options->will.topic != NULL)
        connect->will = &will;
    mqtt_report_connecting(mqtt, connect);
    failed = MQTTAsync_connect(mqtt->client, connect);
    MQTTProperties_free(&properties);
    if (failed == MQTTASYNC_SUCCESS)
        return ERR_OK;
    log_error(MODULE, "Paho did not connect code=%d", failed);
    return ERR_IO;
}

enum err mqtt_start(struct mqtt_room *room, const struct mqtt_options *options,
    const struct mqtt_events *events, struct mqtt **out)
{
    struct mqtt *mqtt = calloc(1, sizeof(*mqtt));
    char uri[URI_BYTES];
    enum err e;

    if (mqtt == NULL)
        return ERR_NO_MEMORY;
    mqtt->room = room;
    mqtt->events = *events;
    mqtt->version_5 = options->version_5;
    mqtt->limits.window = MQTT_WINDOW;
    mqtt->opened = FIRST;
    mqtt->puback_ms = options->puback_ms;
    mqtt->keep_alive_s = options->keep_alive_s;
    for (size_t i = 0; i < MQTT_WINDOW; i++)
        mqtt->slots[i].mqtt = mqtt;
    (void)snprintf(uri, sizeof(uri), "tcp://127.0.0.1:%u", options->port);
    mqtt_unsent_init(&mqtt->unsent);
    e = create_client(uri, options->client_id, options->version_5,
        mqtt_unsent_is_needed() ? &mqtt->unsent : NULL, &mqtt->client);
    if (e != ERR_OK)
        goto free_mqtt;
    if (!mqtt_report_arrivals(mqtt)) {
        e = ERR_IO;
        goto destroy_client;
    }
    mqtt_nap_disturb();
    e = connect_client(mqtt, options);
    if (e != ERR_OK)
        goto allow_naps;
    attend_answer(mqtt);
    *out = mqtt;
    return ERR_OK;

allow_naps:
    mqtt_nap_allow();
destroy_client:
    MQTTAsync_destroy(&mqtt->client);
free_mqtt:
    free(mqtt);
    return e;
}

static struct slot *free_slot(struct mqtt *mqtt)
{
    if (mqtt->in_use >= mqtt->limits.window)
        return NULL;
    /* They are answered in their order, so mostly it is the next one. */
    for (size_t i = 0; i < MQTT_WINDOW; i++) {
        struct slot *slot = &mqtt->slots[(mqtt->sent + i) % MQTT_WINDOW];

        if (!slot->used)
            return slot;
    }
    return NULL;
}

enum err mqtt_publish(
    struct mqtt *mqtt, uint64_t token, const struct mqtt_message *message)
{
    MQTTAsync_message paho = MQTTAsync_message_initializer;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    MQTTProperty properties[MQTT_PROPERTIES];
    struct slot *slot = free_slot(mqtt);
    int failed;

    /* Paho looks into its handle before it checks it, and ours is gone. */
    if (mqtt->dead || mqtt->ended)
        return ERR_IO;
    if (slot == NULL)
        return ERR_AGAIN;
    if (mqtt->version_5)
        paho.properties = mqtt_properties_of(message, properties);
    if (mqtt->limits.packet_bytes > 0 &&
        mqtt_properties_packet(message, paho.properties.length) >
            mqtt->limits.packet_bytes)
        return ERR_TOO_BIG;
    slot->token = token;
    mqtt_report_publishing(slot, &response);
    paho.payload = (void *)(uintptr_t)message->payload;
    paho.payloadlen = (int)message->len;
    paho.qos = 1;
    paho.retained = message->retain && !mqtt->limits.no_retain;
    mqtt_nap_hold();
    failed =
        MQTTAsync_sendMessage(mqtt->client, message->topic, &paho, &response);
    mqtt_nap_release();
    if (failed != MQTTASYNC_SUCCESS)
        return failed == MQTTASYNC_MAX_BUFFERED_MESSAGES ? ERR_AGAIN : ERR_IO;
    slot->used = true;
    mqtt->in_use++;
    mqtt_attend(mqtt);
    mqtt->room->told = true;
    mqtt_watch_sent(mqtt, slot, message->len);
    return ERR_OK;
}

enum err mqtt_subscribe(struct mqtt *mqtt, char *const *filters, size_t count)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    MQTTSubscribe_options options[MQTT_FILTERS];
    int qos[MQTT_FILTERS];
    int failed;

    if (count == 0 || count > MQTT_FILTERS)
        return ERR_INVALID;
    for (size_t i = 0; i < count; i++) {
        qos[i] = 1;
        options[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
    }
    mqtt->filters = count;
    mqtt_report_subscribing(mqtt, &response);
    if (mqtt->version_5) {
        response.subscribeOptions = options[0];
        response.subscribeOptionsCount = count > 1 ? (int)count : 0;
        response.subscribeOptionsList = count > 1 ? options : NULL;
    }
    failed = MQTTAsync_subscribeMany(
        mqtt->client, (int)count, filters, qos, &response);
    if (failed != MQTTASYNC_SUCCESS)
        return ERR_IO;
    attend_answer(mqtt);
    return ERR_OK;
}

unsigned mqtt_room_in_window(const struct mqtt *mqtt)
{
    unsigned window = mqtt->limits.window - mqtt->limits.window / FOR_OTHERS;

    if (mqtt->opened < window)
        window = mqtt->opened;

    return window > mqtt->in_use ? window - mqtt->in_use : 0;
}

uint16_t mqtt_server_keep_alive_s(const struct mqtt *mqtt)
{
    return mqtt->limits.keep_alive_s;
}

void mqtt_disconnect(struct mqtt *mqtt)
{
    MQTTAsync_disconnectOptions v3 = MQTTAsync_disconnectOptions_initializer;
    MQTTAsync_disconnectOptions v5 = MQTTAsync_disconnectOptions_initializer5;
    MQTTAsync_disconnectOptions *options = mqtt->version_5 ? &v5 : &v3;

    options->timeout = 0; /* Paho would wait for what is in flight */
    mqtt_report_disconnecting(mqtt, options);
    if (MQTTAsync_disconnect(mqtt->client, options) != MQTTASYNC_SUCCESS)
        mqtt_report_end(mqtt, MQTT_CLOSED, 0);
    else
        attend_answer(mqtt);
}

void mqtt_close(struct mqtt *mqtt)
{
    if (mqtt == NULL || mqtt->dead)
        return;
    mqtt_watch_stop(mqtt);
    mqtt_nap_allow();
    mqtt->dead = true;
    mqtt_attend(mqtt);
    MQTTAsync_destroy(&mqtt->client);
    mqtt_nap_hurry();
}

void mqtt_free(struct mqtt *mqtt)
{
    if (mqtt == NULL)
        return;
    mqtt_close(mqtt);
    mqtt->next_dead = mqtt->room->dead;
    mqtt->room->dead = mqtt;
    if (loop_post(mqtt->room->loop, bury, mqtt) != ERR_OK)
        log_error(MODULE, "out of memory: a connection's is kept for a while");
}
