/* unwatched.c - the agent without its watch: the twin that shows what only the
 * watch notices.  Paho's own keep-alive and the kernel's patience remain. */

#include <errno.h>

#include "cloud/vigil.h"
#include "ports/port.h"

enum vigil_advice __wrap_vigil_look(struct vigil *v,
    const struct vigil_rhythm *rhythm, int64_t now_ms, int64_t *wait_ms);
void __wrap_port_tcp_patience(int fd, uint32_t ms);
enum err __wrap_port_network_watch(int *fd);
enum err __wrap_port_wake_watch(int *fd);

enum vigil_advice __wrap_vigil_look(struct vigil *v,
    const struct vigil_rhythm *rhythm, int64_t now_ms, int64_t *wait_ms)
{
    (void)v;
    (void)rhythm;
    (void)now_ms;
    *wait_ms = VIGIL_FOREVER;
    return VIGIL_WAIT;
}

void __wrap_port_tcp_patience(int fd, uint32_t ms)
{
    (void)fd;
    (void)ms;
}

/* As under a seccomp filter that does not know netlink. */
enum err __wrap_port_network_watch(int *fd)
{
    (void)fd;
    errno = EPERM;
    return ERR_UNSUPPORTED;
}

enum err __wrap_port_wake_watch(int *fd)
{
    return __wrap_port_network_watch(fd);
}
