/* mqtt_unsent.h - what Paho was given and has not begun to send.
 *
 * Paho before 1.3.14 never frees such a message when its client is destroyed
 * (its issue 1474): a line that stalls under a backlog, and dies, would cost up
 * to a window full of payloads each time.  Given a persistence, Paho shows it
 * each message, in the memory where it keeps it, and tells when it begins to
 * send it.  So here is one that keeps nothing, and notes where what was not
 * begun lies; Paho closes it when it has let go of that memory, which is freed
 * then. */

#ifndef CLOUD_MQTT_UNSENT_H
#define CLOUD_MQTT_UNSENT_H

#include <MQTTClientPersistence.h>
#include <stdbool.h>
#include <stddef.h>

#include "cloud/mqtt.h"

struct mqtt_unsent {
    MQTTClient_persistence paho; /* MQTTCLIENT_PERSISTENCE_USER's context */
    struct mqtt_unsent_message {
        unsigned long number; /* Paho's, of the command */
        void *topic, *payload;
    } messages[MQTT_WINDOW]; /* a ring in Paho's order */
    size_t first, count;
};

/* False for a Paho that frees them itself. */
bool mqtt_unsent_is_needed(void);
bool mqtt_unsent_is_needed_by(const char *version); /* "1.3.12", say */

/* Before the client is made; it stays in place until that was destroyed. */
void mqtt_unsent_init(struct mqtt_unsent *unsent);

#endif
