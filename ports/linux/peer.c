/* peer.c - SO_PEERCRED, and SO_PEERGROUPS (Linux 4.13) for the further groups;
 * looking the groups up by name service could block. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/log.h"
#include "ports/port.h"

static bool read_credentials(int fd, struct ucred *out)
{
    socklen_t size = sizeof(*out);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, out, &size) == 0)
        return true;
    log_error("peer", "SO_PEERCRED failed reason=\"%s\"", strerror(errno));
    return false;
}

enum err port_peer(int fd, struct port_peer *out)
{
    struct ucred c;

    if (!read_credentials(fd, &c))
        return ERR_IO;
    *out = (struct port_peer){c.pid, c.uid};
    return ERR_OK;
}

static bool in_further_groups(int fd, gid_t gid)
{
    socklen_t size = 0;
    gid_t none = 0;
    gid_t *groups;
    bool found = false;

    /* With no room the kernel says how much there should be. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &none, &size) == 0 ||
        errno != ERANGE)
        return false;
    groups = malloc(size);
    if (groups == NULL)
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) == 0)
        for (size_t i = 0; i < size / sizeof(*groups); i++)
            found = found || groups[i] == gid;
    free(groups);
    return found;
}

bool port_peer_in_group(int fd, uint32_t gid)
{
    struct ucred c;

    return read_credentials(fd, &c) &&
        (c.gid == gid || in_further_groups(fd, gid));
}
