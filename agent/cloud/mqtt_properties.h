/* mqtt_properties.h - a message's properties as Paho wants them.
 * Source: MQTT 5 sections 3.3.2.3.3 and 3.3.2.3.7. */

#ifndef CLOUD_MQTT_PROPERTIES_H
#define CLOUD_MQTT_PROPERTIES_H

#include <MQTTAsync.h>

#include "cloud/mqtt.h"

#define MQTT_PROPERTIES (MQTT_TAGS + 1)

/* What `message` says, in `room`; both must live as long as the result, which
 * is not to be freed.  Paho copies it. */
MQTTProperties mqtt_properties_of(
    const struct mqtt_message *message, MQTTProperty room[MQTT_PROPERTIES]);

/* Bytes of the whole PUBLISH (QoS 1) with properties of so many bytes: MQTT 5
 * section 3.3. */
size_t mqtt_properties_packet(
    const struct mqtt_message *message, int properties_bytes);

/* What a broker's packet limits (a CONNACK) ... */
struct mqtt_limits;
struct mqtt_limits mqtt_properties_limits(const MQTTProperties *properties);
/* ... and what it advises (a DISCONNECT with this code). */
struct hint mqtt_properties_hint(const MQTTProperties *properties, int code);

#endif
