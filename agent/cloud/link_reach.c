/* link_reach.c - from a broker's name to a connection. */

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

enum err link_reach(struct link *link)
{
    const struct broker *broker = link_broker(link);
    const struct dial dial = {.host = broker->host,
        .port = broker->port,
        .family = link->options.last.family,
        .waiter = link_waiter(link),
        .why = link->detail,
        .why_size = sizeof(link->detail)};
    enum err e = dial_host(&dial, &link->socket);

    if (e == ERR_NOT_FOUND)
        link->reason = LINK_DNS;
    else if (e == ERR_AGAIN)
        link->reason = LINK_TCP;
    else if (e == ERR_IO || e == ERR_NO_MEMORY)
        link->reason = LINK_LOCAL;
    if (e == ERR_OK)
        link->route.family = family_of(link->socket);
    return e;
}
