/* link_reach.c - from a broker's name to a connection, through the proxy where
 * there is one. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cloud/dial.h"
#include "cloud/link_inside.h"

static int family_of(int fd)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(address);

    (void)getpeername(fd, (struct sockaddr *)&address, &len);
    return address.ss_family;
}

static enum err dial_door(struct link *link)
{
    const struct proxy *proxy = link->options.proxy;
    const struct broker *door =
        proxy != NULL ? &proxy->place : link_broker(link);
    const struct dial dial = {.host = door->host,
        .port = door->port,
        .family = link->options.last.family,
        .waiter = link_waiter(link),
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
    enum err e = dial_door(link);

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
    return link->options.proxy != NULL ? link_pass_proxy(link) : ERR_OK;
}
