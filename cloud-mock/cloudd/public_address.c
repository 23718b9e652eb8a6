/* public_address.c - two tables of what is not public. */

#include "cloudd/public_address.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const struct {
    uint8_t at[4];
    unsigned bits;
} closed[] = {
    {{0},            8 }, /* this network */
    {{10},           8 },
    {{100, 64},      10}, /* behind a carrier's NAT */
    {{127},          8 },
    {{169, 254},     16}, /* link-local, and what clouds tell of a machine */
    {{172, 16},      12},
    {{192, 0, 0},    24},
    {{192, 0, 2},    24}, /* documentation, as the two below */
    {{192, 88, 99},  24}, /* relays of 6to4 */
    {{192, 168},     16},
    {{198, 18},      15}, /* benchmarks */
    {{198, 51, 100}, 24},
    {{203, 0, 113},  24},
    {{224},          3 }, /* multicast, reserved, broadcast */
};

static const struct {
    uint8_t at[6];
    unsigned bits;
} closed6[] = {
    {{0x20, 0x01},             23}, /* Teredo and other protocols' */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02},             16}, /* 6to4: an IPv4 address inside */
    {{0x3f, 0xff},             20}, /* documentation */
};

static bool begins(const uint8_t *address, const uint8_t *with, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    return memcmp(address, with, whole) == 0 &&
        (rest == 0 || ((address[whole] ^ with[whole]) & mask) == 0);
}

static bool public4(const uint8_t *address)
{
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
        if (begins(address, closed[i].at, closed[i].bits))
            return false;
    return true;
}

static bool public6(const uint8_t *address)
{
    static const uint8_t global[] = {0x20};

    for (size_t i = 0; i < sizeof(closed6) / sizeof(closed6[0]); i++)
        if (begins(address, closed6[i].at, closed6[i].bits))
            return false;
    return begins(address, global, 3);
}

bool public_address(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->sa_family == AF_INET) {
        memcpy(&v4, address, sizeof(v4));
        return public4((const uint8_t *)&v4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        memcpy(&v6, address, sizeof(v6));
        return public6(v6.sin6_addr.s6_addr);
    }
    return false;
}
