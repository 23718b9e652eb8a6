/* mqtt_unsent.h - what Paho was given and has not begun to send.
 *
 * Paho up to 1.3.13 never frees such a message when its client is destroyed
 * (its issue 1474): a line that stalls under a backlog, and dies, would cost up
 * to a window full of payloads each time.  Given a persistence, Paho frees its
 * copy as soon as that has taken the message, and asks for it when it sends; so
 * here is one that keeps them in memory, and frees what is left.  Nothing
 * outlives the client, and nothing else that Paho wants to persist is kept. */

#ifndef CLOUD_MQTT_UNSENT_H
#define CLOUD_MQTT_UNSENT_H

#include <MQTTClientPersistence.h>

struct mqtt_unsent {
    MQTTClient_persistence paho; /* MQTTCLIENT_PERSISTENCE_USER's context */
    struct unsent *first, **last;
};

/* Before the client is made; it stays in place until that was destroyed, which
 * empties it. */
void mqtt_unsent_init(struct mqtt_unsent *unsent);

#endif
