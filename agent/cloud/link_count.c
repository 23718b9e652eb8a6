/* link_count.c - bytes as the link sees them, and as the line does. */

#include <sys/socket.h>

#include "cloud/link_inside.h"

#define SEGMENT    1400
#define HEADERS_V4 (20 + 20 + 12) /* IP, TCP, TCP's timestamps */
#define HEADERS_V6 (40 + 20 + 12)
#define BEGIN_OUT  2 /* SYN, ACK */
#define END_OUT    2 /* FIN, ACK */
#define BEGIN_IN   1
#define END_IN     2

static uint64_t packets(size_t len)
{
    return (len + SEGMENT - 1) / SEGMENT;
}

void link_count_in(struct link *link, size_t len)
{
    atomic_fetch_add(&link->bytes_in, (uint64_t)len);
    atomic_fetch_add(&link->packets_in, packets(len));
}

void link_count_out(struct link *link, size_t len)
{
    atomic_fetch_add(&link->bytes_out, (uint64_t)len);
    atomic_fetch_add(&link->packets_out, packets(len));
}

void link_estimate(struct link_bytes *bytes, uint64_t packets_in,
    uint64_t packets_out, int family)
{
    uint64_t headers = family == AF_INET6 ? HEADERS_V6 : HEADERS_V4;

    bytes->wire_in = bytes->wire_out = 0;
    if (packets_out == 0)
        return;
    bytes->wire_in = bytes->in +
        headers * (packets_in + packets_out / 2 + BEGIN_IN + END_IN);
    bytes->wire_out = bytes->out +
        headers * (packets_out + packets_in / 2 + BEGIN_OUT + END_OUT);
}
