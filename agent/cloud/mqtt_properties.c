/* mqtt_properties.c - made by hand on the stack: MQTTProperties_add would copy
 * each text, and Paho copies them once more. */

#include "cloud/mqtt_properties.h"

#include <string.h>

#include "cloud/mqtt_inside.h"

static MQTTLenString text_of(const char *text)
{
    return (MQTTLenString){
        .len = (int)strlen(text), .data = (char *)(uintptr_t)text};
}

MQTTProperties mqtt_properties_of(
    const struct mqtt_message *message, MQTTProperty room[MQTT_PROPERTIES])
{
    MQTTProperties all = MQTTProperties_initializer;

    all.array = room;
    all.max_count = MQTT_PROPERTIES;
    if (message->expiry_s > 0) {
        room[all.count++] = (MQTTProperty){
            .identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL,
            .value.integer4 = message->expiry_s};
        all.length += 1 + 4;
    }
    for (size_t i = 0; i < message->tag_count && i < MQTT_TAGS; i++) {
        MQTTProperty *p = &room[all.count++];

        *p = (MQTTProperty){.identifier = MQTTPROPERTY_CODE_USER_PROPERTY};
        p->value.data = text_of(message->tags[i].name);
        p->value.value = text_of(message->tags[i].value);
        all.length += 1 + 2 + p->value.data.len + 2 + p->value.value.len;
    }
    return all;
}

/* MQTT 5 section 1.5.5. */
static size_t bytes_of_size(size_t size)
{
    return size < 128 ? 1 : size < 16384 ? 2 : size < 2097152 ? 3 : 4;
}

size_t mqtt_properties_packet(
    const struct mqtt_message *message, int properties_bytes)
{
    size_t properties = (size_t)properties_bytes;
    size_t rest = 2 + strlen(message->topic) + 2 + bytes_of_size(properties) +
        properties + message->len;

    return 1 + bytes_of_size(rest) + rest;
}

/* Paho's number is an int in 1.3.12 and an int64_t in 1.3.14; without the
 * property it is negative. */
static int64_t number(
    const MQTTProperties *properties, enum MQTTPropertyCodes code, int64_t none)
{
    MQTTProperties *p = (MQTTProperties *)(uintptr_t)properties;

    if (MQTTProperties_hasProperty(p, code) == 0)
        return none;
    return (int64_t)MQTTProperties_getNumericValue(p, code);
}

struct mqtt_limits mqtt_properties_limits(const MQTTProperties *properties)
{
    int64_t window =
        number(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, MQTT_WINDOW);
    int64_t packet =
        number(properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, 0);

    return (struct mqtt_limits){.window = window > 0 && window < MQTT_WINDOW
            ? (unsigned)window
            : MQTT_WINDOW,
        .packet_bytes = (uint32_t)packet, /* as Paho read four bytes */
        .keep_alive_s = (uint16_t)number(
            properties, MQTTPROPERTY_CODE_SERVER_KEEP_ALIVE, 0),
        .no_retain =
            number(properties, MQTTPROPERTY_CODE_RETAIN_AVAILABLE, 1) == 0,
        .no_qos_1 = number(properties, MQTTPROPERTY_CODE_MAXIMUM_QOS, 2) == 0};
}

struct hint mqtt_properties_hint(const MQTTProperties *properties, int code)
{
    struct hint hint = hint_of_code(code);

    for (int i = 0; i < properties->count; i++) {
        const MQTTProperty *p = &properties->array[i];

        if (p->identifier == MQTTPROPERTY_CODE_SERVER_REFERENCE)
            hint_add_reference(
                &hint, p->value.data.data, (size_t)p->value.data.len);
        if (p->identifier == MQTTPROPERTY_CODE_USER_PROPERTY)
            hint_add_pair(&hint,
                &(struct hint_pair){p->value.data.data, p->value.value.data,
                    (size_t)p->value.data.len, (size_t)p->value.value.len});
    }
    return hint;
}
