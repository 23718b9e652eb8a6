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

#endif
