/* mqtt_nap.h - keeps Paho awake while there is something to hear. */

#ifndef CLOUD_MQTT_NAP_H
#define CLOUD_MQTT_NAP_H

/* The calling thread is the loop's: its own sleeps stay as they are.  Stop
 * when Paho's threads have ended. */
void mqtt_nap_start(void);
void mqtt_nap_stop(void);

/* From here on, until it is allowed again, Paho naps only shortly, and for its
 * first moments waits only shortly: a connection begins, or Paho is to end.  On
 * the loop's thread, in pairs. */
void mqtt_nap_disturb(void);
void mqtt_nap_allow(void);

#endif
