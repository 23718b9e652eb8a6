/* network.c - rtnetlink only rings the bell; what is so is read by getifaddrs,
 * and the way out by connecting a datagram socket, which sends nothing. */

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/port.h"

/* Addresses that stand for the internet: of documentation, with nobody there
 * (RFC 5737, RFC 3849). */
#define FAR_IPV4 "192.0.2.1"
#define FAR_IPV6 "2001:db8::1"
#define FAR_PORT 9

enum err port_network_watch(int *fd)
{
    const struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
            RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    int opened = socket(
        AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (opened < 0)
        return ERR_UNSUPPORTED;
    if (bind(opened, (const struct sockaddr *)&groups, sizeof(groups)) != 0) {
        int reason = errno;

        (void)close(opened);
        errno = reason;
        return ERR_UNSUPPORTED;
    }
    *fd = opened;
    return ERR_OK;
}

void port_network_drain(int fd)
{
    char bytes[4096]; /* longer messages are cut; nobody reads them */

    /* ENOBUFS: it told more than there was room for; that is a change too. */
    while (recv(fd, bytes, sizeof(bytes), 0) >= 0 || errno == ENOBUFS)
        ;
}

/* --- interfaces ---------------------------------------------------------- */

static bool counts(const struct ifaddrs *i)
{
    return i->ifa_addr != NULL && (i->ifa_flags & IFF_UP) != 0 &&
        (i->ifa_flags & IFF_RUNNING) != 0;
}

static const struct in6_addr *six_of(const struct sockaddr *address)
{
    return &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
}

static in_addr_t four_of(const struct sockaddr *address)
{
    return ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
}

static bool is_of_one_wire(const struct sockaddr *address)
{
    return address->sa_family == AF_INET6
        ? IN6_IS_ADDR_LINKLOCAL(six_of(address))
        : (ntohl(four_of(address)) >> 16) == 0xA9FE; /* 169.254/16 */
}

static bool is_ip(const struct sockaddr *address)
{
    return address->sa_family == AF_INET || address->sa_family == AF_INET6;
}

static bool leads_out(const struct ifaddrs *i)
{
    return counts(i) && (i->ifa_flags & IFF_LOOPBACK) == 0 &&
        is_ip(i->ifa_addr) && !is_of_one_wire(i->ifa_addr);
}

static bool is_same(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family)
        return false;
    return a->sa_family == AF_INET6
        ? memcmp(six_of(a), six_of(b), sizeof(struct in6_addr)) == 0
        : four_of(a) == four_of(b);
}

/* An IPv4 address in IPv6 clothes (RFC 4291 section 2.5.5.2), undressed. */
static const struct sockaddr *undressed(
    const struct sockaddr *address, struct sockaddr_in *room)
{
    if (address->sa_family != AF_INET6 ||
        !IN6_IS_ADDR_V4MAPPED(six_of(address)))
        return address;
    *room = (struct sockaddr_in){.sin_family = AF_INET};
    memcpy(&room->sin_addr, six_of(address)->s6_addr + 12, 4);
    return (const struct sockaddr *)(const void *)room;
}

bool port_network_has(const struct sockaddr *address)
{
    struct sockaddr_in room;
    const struct sockaddr *wanted = undressed(address, &room);
    struct ifaddrs *list;
    bool found = false;

    /* All of 127/8 is this machine's, whether an interface lists it or not. */
    if (!is_ip(wanted) ||
        (wanted->sa_family == AF_INET &&
            ntohl(four_of(wanted)) >> 24 == IN_LOOPBACKNET) ||
        getifaddrs(&list) != 0)
        return true;
    for (const struct ifaddrs *i = list; i != NULL && !found; i = i->ifa_next)
        found = counts(i) && is_ip(i->ifa_addr) && is_same(i->ifa_addr, wanted);
    freeifaddrs(list);
    return found;
}

static bool is_up(void)
{
    struct ifaddrs *list;
    bool found = false;

    if (getifaddrs(&list) != 0)
        return true;
    for (const struct ifaddrs *i = list; i != NULL && !found; i = i->ifa_next)
        found = leads_out(i);
    freeifaddrs(list);
    return found;
}

/* --- the way out --------------------------------------------------------- */

union place {
    struct sockaddr any;
    struct sockaddr_in four;
    struct sockaddr_in6 six;
};

static void read_way(int family, char way[46])
{
    union place place = {.any = {.sa_family = (sa_family_t)family}};
    socklen_t len = sizeof(place);
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool is_four = family == AF_INET;

    way[0] = '\0';
    if (fd < 0)
        return;
    if (is_four)
        (void)inet_pton(AF_INET, FAR_IPV4, &place.four.sin_addr);
    else
        (void)inet_pton(AF_INET6, FAR_IPV6, &place.six.sin6_addr);
    place.four.sin_port = htons(FAR_PORT); /* in the same place in both */
    if (connect(fd, &place.any, sizeof(place)) == 0 &&
        getsockname(fd, &place.any, &len) == 0)
        (void)inet_ntop(family,
            is_four ? (const void *)&place.four.sin_addr
                    : (const void *)&place.six.sin6_addr,
            way, 46);
    (void)close(fd);
}

void port_network_read(struct port_network *out)
{
    out->is_up = is_up();
    read_way(AF_INET, out->way_ipv4);
    read_way(AF_INET6, out->way_ipv6);
}
