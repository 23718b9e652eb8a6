/* tcp.c - the C library's struct tcp_info ends before the counters, so it is
 * the kernel's own; an old kernel fills in less of it. */

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

#include "ports/port.h"

void port_tcp_bytes(int fd, uint64_t *in, uint64_t *out)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        len < offsetof(struct tcp_info, tcpi_bytes_retrans) +
                sizeof(info.tcpi_bytes_retrans))
        return;
    *in = info.tcpi_bytes_received;
    *out = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
}

void port_tcp_patience(int fd, uint32_t ms)
{
    unsigned value = ms;

    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &value, sizeof(value));
}
