/* link_guard.c - another process may connect to the port before Paho does.  It
 * cannot have a socket of ours: so the peer's address must be the local
 * address of one of our own descriptors that is connected to the port. */

#define _GNU_SOURCE /* accept4 */

#include "cloud/link_guard.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"

#define MODULE "link"

enum err link_guard_listen(int *fd, uint16_t *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (s < 0 || bind(s, (struct sockaddr *)&address, len) != 0 ||
        listen(s, 8) != 0 ||
        getsockname(s, (struct sockaddr *)&address, &len) != 0) {
        log_error(MODULE, "no loopback port reason=\"%s\"", strerror(errno));
        if (s >= 0)
            (void)close(s);
        return ERR_IO;
    }
    *fd = s;
    *port = ntohs(address.sin_port);
    return ERR_OK;
}

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
    return a->sin_family == AF_INET && b->sin_family == AF_INET &&
        a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

static bool is_other_end(
    int fd, const struct sockaddr_in *theirs, const struct sockaddr_in *ours)
{
    struct sockaddr_in local = {0}, remote = {0};
    socklen_t local_len = sizeof(local), remote_len = sizeof(remote);

    return getsockname(fd, (struct sockaddr *)&local, &local_len) == 0 &&
        getpeername(fd, (struct sockaddr *)&remote, &remote_len) == 0 &&
        same(&local, theirs) && same(&remote, ours);
}

static bool is_own(int accepted)
{
    struct sockaddr_in theirs = {0}, ours = {0};
    socklen_t theirs_len = sizeof(theirs), ours_len = sizeof(ours);
    bool found = false;
    DIR *dir;

    if (getpeername(accepted, (struct sockaddr *)&theirs, &theirs_len) != 0 ||
        getsockname(accepted, (struct sockaddr *)&ours, &ours_len) != 0)
        return false;
    dir = opendir("/proc/self/fd");
    if (dir == NULL)
        return false;
    for (struct dirent *d = readdir(dir); d != NULL && !found; d = readdir(dir))
        found = d->d_name[0] != '.' &&
            is_other_end((int)strtol(d->d_name, NULL, 10), &theirs, &ours);
    (void)closedir(dir);
    return found;
}

enum err link_guard_accept(int listener, int *out)
{
    int one = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return ERR_AGAIN;
    if (!is_own(fd)) {
        log_warning(MODULE, "another process knocked at the loopback door");
        (void)close(fd);
        return ERR_AGAIN;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    *out = fd;
    return ERR_OK;
}
