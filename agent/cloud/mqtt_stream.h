/* mqtt_stream.h - the bytes between Paho and the link, with fewer calls of the
 * kernel than Paho makes; for mqtt_nap.c, which knows its threads. */

#ifndef CLOUD_MQTT_STREAM_H
#define CLOUD_MQTT_STREAM_H

#include <poll.h>

/* On Paho's receive thread: as poll(2) without waiting, when bytes of one of
 * the descriptors are here already; otherwise 0, and nothing was asked. */
int mqtt_stream_poll(struct pollfd *fds, nfds_t count);

/* On its send thread, before it waits: what it wrote is to go now.  -1, or the
 * socket that does not take it all: push again when it can be written to. */
int mqtt_stream_push(void);

#endif
