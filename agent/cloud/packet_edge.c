/* packet_edge.c */

#include "cloud/packet_edge.h"

#define LENGTH_BYTES 4 /* of a Remaining Length, at the most */

static void pass_header(struct packet_edge *edge, unsigned char byte)
{
    unsigned place = edge->header++;

    if (place == 0)
        return; /* type and flags */
    edge->left |= (uint32_t)(byte & 0x7F) << (7 * (place - 1));
    if ((byte & 0x80) == 0)
        edge->header = 0;
    else if (place == LENGTH_BYTES)
        edge->is_broken = true;
}

void packet_edge_pass(
    struct packet_edge *edge, const unsigned char *bytes, size_t len)
{
    size_t at = 0;

    while (at < len && !edge->is_broken) {
        bool is_inside = edge->header == 0 && edge->left > 0;
        size_t step =
            is_inside && edge->left < len - at ? edge->left : len - at;

        if (!is_inside) {
            pass_header(edge, bytes[at++]);
            continue;
        }
        edge->left -= (uint32_t)step;
        at += step;
    }
}

bool packet_edge_is_here(const struct packet_edge *edge)
{
    return edge->header == 0 && edge->left == 0 && !edge->is_broken;
}
