/* mqtt_nap.h - keeps Paho awake while there is something to hear. */

#ifndef CLOUD_MQTT_NAP_H
#define CLOUD_MQTT_NAP_H

/* The calling thread is the loop's: its own sleeps stay as they are. */
void mqtt_nap_start(void);

/* A connection begins or has ended; Paho's long naps are for when there is
 * none.  On the loop's thread, in pairs. */
void mqtt_nap_disturb(void);
void mqtt_nap_allow(void);

#endif
