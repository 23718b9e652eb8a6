/* mqtt_nap.h - keeps Paho awake while there is something to hear, and lets it
 * sleep while there is not. */

#ifndef CLOUD_MQTT_NAP_H
#define CLOUD_MQTT_NAP_H

#include <stdbool.h>
#include <stdint.h>

/* The calling thread is the loop's: its own sleeps stay as they are.  Stop
 * when Paho's threads have ended. */
void mqtt_nap_start(void);
void mqtt_nap_stop(void);

/* From here on, until it is allowed again, Paho naps only shortly: a connection
 * begins, or Paho is to end.  On the loop's thread, in pairs. */
void mqtt_nap_disturb(void);
void mqtt_nap_allow(void);

/* Paho was just told something: for some seconds it looks as often as it wants
 * to.  From any thread, but not before mqtt_nap_start or after mqtt_nap_stop.
 */
void mqtt_nap_hurry(void);

/* On the loop's thread, in pairs: what Paho is told meanwhile does not wake its
 * send thread; mqtt_nap_hurry is to be called when all is told. */
void mqtt_nap_hold(void);
void mqtt_nap_release(void);

/* On the loop's thread, in pairs: Paho owes an answer, and keeps looking; it
 * owes none any more. */
void mqtt_nap_await(bool answer);

/* After so many seconds without a word of ours Paho says PINGREQ; a
 * connection's CONNACK has come.  Nobody sleeps long before. */
void mqtt_nap_keep_alive(uint16_t seconds);

/* The calling thread is Paho's receive thread, or its send thread. */
bool mqtt_nap_is_listener(void);
bool mqtt_nap_is_sender(void);

#endif
