/* packet.c - Mosquitto 2.0 writes
 *
 *     17: New client connected from ADDRESS:PORT as CLIENT (p2, c1, k60, ...).
 *     17: Will message specified (BYTES bytes) (r0, q0).
 *     17: <tab>TOPIC
 *
 * between BASIC_AUTH and CONNACK, and
 *
 *     17: Received SUBSCRIBE from CLIENT
 *     17: <tab>FILTER (QoS 1)
 *
 * before it asks about a filter; a further filter has only its own line.  No
 * name in it holds a control character: Mosquitto refuses those. */

#include "cloud-mock/broker/packet.h"

#include <string.h>

/* The client of a "New client connected" line. */
static bool read_arrival(struct text line, struct text *client)
{
    if (!log_line_skip(&line, "New client connected from "))
        return false;
    while (line.len > 0 && !log_line_skip(&line, " as ")) {
        line.p++;
        line.len--;
    }
    *client = (struct text){line.p, 0};
    while (line.len > 0 && !log_line_skip(&line, " (p")) {
        client->len++;
        line.p++;
        line.len--;
    }
    return line.len > 0;
}

bool packet_next_will(struct text *log, struct packet_will *will)
{
    struct text line;

    while (log_line_next(log, &line)) {
        struct text ahead = *log;

        if (read_arrival(line, &will->client) && log_line_next(&ahead, &line) &&
            log_line_skip(&line, "Will message specified (") &&
            log_line_next(&ahead, &line) && log_line_skip(&line, "\t")) {
            will->topic = line;
            *log = ahead;
            return true;
        }
    }
    return false;
}

bool packet_goes_on(struct text log, const char *client)
{
    struct text line = {"", 0};
    bool began = false, filter = false;

    while (log_line_next(&log, &line)) {
        filter = log_line_skip(&line, "\t");
        if (log_line_skip(&line, "Received SUBSCRIBE from ") &&
            line.len == strlen(client) && memcmp(line.p, client, line.len) == 0)
            began = true;
    }
    return filter && !began;
}
