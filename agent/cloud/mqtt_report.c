/* mqtt_report.c - what Paho's threads say, copied and posted to the loop. */

#include <stdlib.h>
#include <string.h>

#include "cloud/mqtt_inside.h"
#include "cloud/mqtt_nap.h"
#include "cloud/mqtt_properties.h"
#include "core/log.h"

#define MODULE "mqtt"

/* What a Paho thread has to tell the loop. */
struct report {
    struct mqtt *mqtt;
    void (*tell)(struct report *report);
    bool flag; /* session present, or accepted */
    struct mqtt_end end;
    struct mqtt_limits limits;
    size_t len;
    bool retained;
    char bytes[]; /* a message: topic, NUL, payload; or an end's hint */
};

/* --- from Paho's threads to the loop -------------------------------------- */

static void deliver(void *context)
{
    struct report *report = context;

    if (!report->mqtt->dead)
        report->tell(report);
    free(report);
}

static struct report *report_new(
    struct mqtt *mqtt, void (*tell)(struct report *), size_t extra)
{
    struct report *report = calloc(1, sizeof(*report) + extra);

    if (report == NULL) {
        log_error(MODULE, "out of memory: an event is lost");
        return NULL;
    }
    report->mqtt = mqtt;
    report->tell = tell;
    return report;
}

/* Takes the report; true when the loop will see it. */
static bool report_post(struct report *report)
{
    if (loop_post(report->mqtt->room->loop, deliver, report) == ERR_OK)
        return true;
    log_error(MODULE, "out of memory: an event is lost");
    free(report);
    return false;
}

static void end(struct mqtt *mqtt, const struct mqtt_end *how)
{
    if (mqtt->ended)
        return;
    mqtt->ended = true;
    mqtt_attend(mqtt);
    mqtt->events.ended(mqtt->events.context, how);
}

static void tell_end(struct report *report)
{
    end(report->mqtt, &report->end);
}

static void tell_hinted_end(struct report *report)
{
    struct hint hint;
    const struct mqtt_end how = {report->end.reason, report->end.code, &hint};

    memcpy(&hint, report->bytes, sizeof(hint));
    end(report->mqtt, &how);
}

void mqtt_report_end(struct mqtt *mqtt, enum mqtt_reason reason, int code)
{
    struct report *report = report_new(mqtt, tell_end, 0);

    if (report == NULL)
        return;
    report->end = (struct mqtt_end){reason, code, NULL};
    (void)report_post(report);
}

static void answered(struct mqtt *mqtt)
{
    mqtt->owed--;
    mqtt_attend(mqtt);
}

static void tell_connected(struct report *report)
{
    struct mqtt *mqtt = report->mqtt;

    mqtt->limits = report->limits;
    mqtt_nap_keep_alive(mqtt->limits.keep_alive_s > 0
            ? mqtt->limits.keep_alive_s
            : mqtt->keep_alive_s);
    answered(mqtt);
    if (report->limits.no_qos_1) {
        report->end = (struct mqtt_end){MQTT_NO_QOS_1, 0, NULL};
        tell_end(report);
    } else {
        mqtt->events.connected(mqtt->events.context, report->flag);
    }
}

static void report_connected(
    struct mqtt *mqtt, bool present, struct mqtt_limits limits)
{
    struct report *report = report_new(mqtt, tell_connected, 0);

    if (report == NULL)
        return;
    report->flag = present;
    report->limits = limits;
    (void)report_post(report);
}

static void tell_subscribed(struct report *report)
{
    answered(report->mqtt);
    report->mqtt->events.subscribed(report->mqtt->events.context, report->flag);
}

static void report_subscribed(struct mqtt *mqtt, bool accepted)
{
    struct report *report = report_new(mqtt, tell_subscribed, 0);

    if (report == NULL)
        return;
    report->flag = accepted;
    (void)report_post(report);
}

static void tell_message(struct report *report)
{
    const struct mqtt_message message = {.topic = report->bytes,
        .payload = report->bytes + strlen(report->bytes) + 1,
        .len = report->len,
        .retain = report->retained};

    report->mqtt->events.message(report->mqtt->events.context, &message);
}

/* --- Paho's callbacks, on its threads --------------------------------------
 */

static void on_connected_5(void *context, MQTTAsync_successData5 *data)
{
    report_connected(context, data->alt.connect.sessionPresent != 0,
        mqtt_properties_limits(&data->properties));
}

static void on_connected_3(void *context, MQTTAsync_successData *data)
{
    report_connected(context, data->alt.connect.sessionPresent != 0,
        (struct mqtt_limits){.window = MQTT_WINDOW});
}

static void on_refused_5(void *context, MQTTAsync_failureData5 *data)
{
    int code = data->reasonCode > 0 ? (int)data->reasonCode : data->code;

    mqtt_report_end(context, mqtt_reason_of_connack(code), code > 0 ? code : 0);
}

static void on_refused_3(void *context, MQTTAsync_failureData *data)
{
    mqtt_report_end(context, mqtt_reason_of_connack(data->code),
        data->code > 0 ? data->code : 0);
}

static void on_published_5(void *context, MQTTAsync_successData5 *data)
{
    mqtt_report_puback(context, data->reasonCode < 0x80);
}

static void on_published_3(void *context, MQTTAsync_successData *data)
{
    (void)data;
    mqtt_report_puback(context, true);
}

/* Only a PUBACK with an error is an answer; the rest is the connection's end,
 * which ends everything in flight. */
static void on_unpublished_5(void *context, MQTTAsync_failureData5 *data)
{
    if ((int)data->reasonCode >= 0x80)
        mqtt_report_puback(context, false);
}

static void on_subscribed_5(void *context, MQTTAsync_successData5 *data)
{
    bool accepted = true;

    if (data->alt.sub.reasonCodeCount <= 1)
        accepted = (int)data->reasonCode < 0x80;
    for (int i = 0;
         data->alt.sub.reasonCodeCount > 1 && i < data->alt.sub.reasonCodeCount;
         i++)
        accepted &= (int)data->alt.sub.reasonCodes[i] < 0x80;
    report_subscribed(context, accepted);
}

/* 3.1.1 section 3.9.3: 0x80 is a refusal.  Paho tells one granted QoS in .qos
 * and several in .qosList, and leaves it to us to know which. */
static void on_subscribed_3(void *context, MQTTAsync_successData *data)
{
    struct mqtt *mqtt = context;
    bool accepted = true;

    for (size_t i = 0; i < mqtt->filters; i++)
        accepted &=
            (mqtt->filters == 1 ? data->alt.qos : data->alt.qosList[i]) < 0x80;
    report_subscribed(mqtt, accepted);
}

static void on_unsubscribed_5(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    report_subscribed(context, false);
}

static void on_unsubscribed_3(void *context, MQTTAsync_failureData *data)
{
    (void)data;
    report_subscribed(context, false);
}

static void on_lost(void *context, char *cause)
{
    (void)cause;
    mqtt_report_end(context, MQTT_LOST, 0);
}

static void on_disconnect_packet(
    void *context, MQTTProperties *properties, enum MQTTReasonCodes code)
{
    struct hint hint = mqtt_properties_hint(properties, (int)code);
    struct report *report = report_new(context, tell_hinted_end, sizeof(hint));

    if (report == NULL)
        return;
    report->end = (struct mqtt_end){
        mqtt_reason_of_disconnect((int)code), (int)code, NULL};
    memcpy(report->bytes, &hint, sizeof(hint));
    (void)report_post(report);
}

static int on_message(
    void *context, char *topic, int topic_len, MQTTAsync_message *message)
{
    /* topic_len is 0 unless the topic holds a NUL, which MQTT forbids. */
    size_t topic_bytes = topic_len > 0 ? (size_t)topic_len : strlen(topic);
    size_t len = (size_t)message->payloadlen;
    struct report *report =
        report_new(context, tell_message, topic_bytes + 1 + len);

    if (report == NULL) {
        mqtt_nap_hurry(); /* Paho calls again later */
        return 0;
    }
    memcpy(report->bytes, topic, topic_bytes);
    if (len > 0)
        memcpy(report->bytes + topic_bytes + 1, message->payload, len);
    report->len = len;
    report->retained = message->retained != 0;
    if (!report_post(report)) {
        mqtt_nap_hurry();
        return 0;
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void on_goodbye_5(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    mqtt_report_end(context, MQTT_CLOSED, 0);
}

static void on_goodbye_3(void *context, MQTTAsync_successData *data)
{
    (void)data;
    mqtt_report_end(context, MQTT_CLOSED, 0);
}

static void on_no_goodbye_5(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    mqtt_report_end(context, MQTT_CLOSED, 0);
}

static void on_no_goodbye_3(void *context, MQTTAsync_failureData *data)
{
    (void)data;
    mqtt_report_end(context, MQTT_CLOSED, 0);
}

/* --- which callbacks for which call -----------------------------------------
 */

void mqtt_report_connecting(
    struct mqtt *mqtt, MQTTAsync_connectOptions *options)
{
    options->context = mqtt;
    if (mqtt->version_5) {
        options->onSuccess5 = on_connected_5;
        options->onFailure5 = on_refused_5;
    } else {
        options->onSuccess = on_connected_3;
        options->onFailure = on_refused_3;
    }
}

void mqtt_report_publishing(
    struct slot *slot, MQTTAsync_responseOptions *options)
{
    options->context = slot;
    if (slot->mqtt->version_5) {
        options->onSuccess5 = on_published_5;
        options->onFailure5 = on_unpublished_5;
    } else {
        options->onSuccess = on_published_3;
    }
}

void mqtt_report_subscribing(
    struct mqtt *mqtt, MQTTAsync_responseOptions *options)
{
    options->context = mqtt;
    if (mqtt->version_5) {
        options->onSuccess5 = on_subscribed_5;
        options->onFailure5 = on_unsubscribed_5;
    } else {
        options->onSuccess = on_subscribed_3;
        options->onFailure = on_unsubscribed_3;
    }
}

void mqtt_report_disconnecting(
    struct mqtt *mqtt, MQTTAsync_disconnectOptions *options)
{
    options->context = mqtt;
    if (mqtt->version_5) {
        options->onSuccess5 = on_goodbye_5;
        options->onFailure5 = on_no_goodbye_5;
    } else {
        options->onSuccess = on_goodbye_3;
        options->onFailure = on_no_goodbye_3;
    }
}

bool mqtt_report_arrivals(struct mqtt *mqtt)
{
    return MQTTAsync_setCallbacks(
               mqtt->client, mqtt, on_lost, on_message, NULL) == 0 &&
        (!mqtt->version_5 ||
            MQTTAsync_setDisconnected(
                mqtt->client, mqtt, on_disconnect_packet) == 0);
}
