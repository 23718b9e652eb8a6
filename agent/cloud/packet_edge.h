/* packet_edge.h - where in a stream of MQTT one packet ends and the next
 * begins, so that something can be put between them (MQTT 5 section 2.1.1). */

#ifndef CLOUD_PACKET_EDGE_H
#define CLOUD_PACKET_EDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_edge { /* all 0: before the first packet */
    uint32_t left;   /* bytes of the packet still to come */
    uint8_t header;  /* bytes of its fixed header that have passed */
    bool is_broken;  /* it is no MQTT: nowhere is between packets */
};

void packet_edge_pass(
    struct packet_edge *edge, const unsigned char *bytes, size_t len);
bool packet_edge_is_here(const struct packet_edge *edge);

#endif
