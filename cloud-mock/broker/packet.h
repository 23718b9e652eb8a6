/* packet.h - what Mosquitto's log (with log_type debug) says of packets, and
 * Mosquitto 2.0 to no plugin. */

#ifndef CLOUD_MOCK_PACKET_H
#define CLOUD_MOCK_PACKET_H

#include "cloud-mock/broker/log_line.h"

/* Take lines off *log up to the next will: its client and topic, borrowed from
 * the log.  False: none is left. */
struct packet_will {
    struct text client;
    struct text topic;
};
bool packet_next_will(struct text *log, struct packet_will *will);

/* `log` is what was written since the last filter was looked at, and a filter
 * of this client is: does it belong to the same SUBSCRIBE as the last one?
 * False when the log does not tell. */
bool packet_goes_on(struct text log, const char *client);

#endif
