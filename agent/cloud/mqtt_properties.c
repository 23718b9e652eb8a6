/* mqtt_properties.c - made by hand on the stack: MQTTProperties_add would copy
 * each text, and Paho copies them once more. */

#include "cloud/mqtt_properties.h"

#include <string.h>

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
