/* link_reach.c - from a broker's name to a connection, through the proxy where
 * there is one. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cloud/dial.h"
#include "cloud/link_inside.h"
#include "ports/port.h"

static int family_of(int fd)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(address);

    (void)getpeername(fd, (struct sockaddr *)&address, &len);
    return address.ss_family;
}

static void note_own_end(struct link *link)
{
    socklen_t len = sizeof(link->local);

    (void)getsockname(link->socket, (struct sockaddr *)&link->local, &len);
}

/* Has this machine a network at all?  NULL: it has. */
static const char *lack_of_network(enum err e, enum dial_sign sign)
{
    struct port_network network;

    port_network_read(&network);
    if (!network.is_up)
        return "no network interface of this machine is up with an address";
    if (sign == DIAL_NO_ROUTE)
        return "this machine has no route there";
    return e == ERR_NOT_FOUND && network.way_ipv4[0] == '\0' &&
            network.way_ipv6[0] == '\0'
        ? "this machine has no default route"
        : NULL;
}

/* Before DNS and TCP are blamed. */
static bool is_cut_off(struct link *link, enum err e, enum dial_sign sign)
{
    const char *lack = NULL;
    char why[200];

    if ((e == ERR_NOT_FOUND || e == ERR_AGAIN) && sign != DIAL_REFUSED)
        lack = lack_of_network(e, sign);
    if (lack == NULL)
        return false;
    (void)snprintf(why, sizeof(why), "%.199s", link->detail);
    link_because(link, LINK_INTERFACE, "%s (%s)", lack, why);
    return true;
}

static enum err dial_door(struct link *link, enum dial_sign *sign)
{
    const struct proxy *proxy = link->options.proxy;
    const struct broker *door =
        proxy != NULL ? &proxy->place : link_broker(link);
    const struct dial dial = {.host = door->host,
        .port = door->port,
        .family = link->options.last.family,
        .waiter = link_waiter(link),
        .sign = sign,
        .why = link->detail,
        .why_size = sizeof(link->detail)};

    return dial_host(&dial, &link->socket);
}

static void blame_proxy(struct link *link)
{
    char why[200];

    (void)snprintf(why, sizeof(why), "%.199s", link->detail);
    link_because(link, LINK_PROXY, "no way to the proxy: %s", why);
}

enum err link_reach(struct link *link)
{
    enum dial_sign sign = DIAL_NO_SIGN;
    enum err e = dial_door(link, &sign);

    if (is_cut_off(link, e, sign))
        return e;
    if (e == ERR_NOT_FOUND)
        link->reason = LINK_DNS;
    else if (e == ERR_AGAIN)
        link->reason = LINK_TCP;
    else if (e == ERR_IO || e == ERR_NO_MEMORY)
        link->reason = LINK_LOCAL;
    if (link->options.proxy != NULL && (e == ERR_NOT_FOUND || e == ERR_AGAIN))
        blame_proxy(link);
    if (e != ERR_OK)
        return e;
    link->route.family = family_of(link->socket);
    note_own_end(link);
    return link->options.proxy != NULL ? link_pass_proxy(link) : ERR_OK;
}
