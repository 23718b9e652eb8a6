/* dial.c */

#include "cloud/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum err finish_connecting(const struct dial *dial, int fd, int *failed)
{
    socklen_t len = sizeof(*failed);
    enum err e = dial->wait(dial->context, fd, POLLOUT);

    if (e == ERR_AGAIN)
        *failed = ETIMEDOUT;
    else if (e == ERR_OK &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, failed, &len) != 0)
        *failed = errno;
    return e;
}

static enum err connect_to(
    const struct dial *dial, const struct addrinfo *address, int *out)
{
    int one = 1;
    int failed = 0;
    enum err e = ERR_OK;
    int fd = socket(address->ai_family,
        address->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0) {
        (void)snprintf(
            dial->why, dial->why_size, "no socket: %s", strerror(errno));
        return ERR_IO;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        if (errno == EINPROGRESS)
            e = finish_connecting(dial, fd, &failed);
        else
            failed = errno;
    }
    if (e == ERR_OK && failed == 0) {
        *out = fd;
        return ERR_OK;
    }
    (void)close(fd);
    (void)snprintf(dial->why, dial->why_size, "%s port %u: %s", dial->host,
        dial->port,
        failed == ETIMEDOUT ? "no answer in time" : strerror(failed));
    return e == ERR_OK ? ERR_AGAIN : e;
}

enum err dial_host(const struct dial *dial, int *fd)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];
    int failed;
    enum err e = ERR_AGAIN;

    (void)snprintf(port, sizeof(port), "%u", dial->port);
    failed = getaddrinfo(dial->host, port, &hints, &found);
    if (failed != 0) {
        (void)snprintf(dial->why, dial->why_size, "%s: %s", dial->host,
            failed == EAI_SYSTEM ? strerror(errno) : gai_strerror(failed));
        return ERR_NOT_FOUND;
    }
    for (const struct addrinfo *a = found; a != NULL && e == ERR_AGAIN;
         a = a->ai_next)
        e = connect_to(dial, a, fd);
    freeaddrinfo(found);
    return e;
}
