/* mqtt_connect.c - connect(2) is ours in this program as mqtt_nap.c's calls
 * are; for all but Paho's send thread it is libc's.
 *
 * Paho connects without waiting and then looks whether that is done: its
 * receive thread does so only after it has waited for something to read, 10 ms
 * the first time and a second each further time.  The other side is the link's
 * listener on loopback, where the kernel takes a connection at once.  So the
 * send thread waits for that here, and says CONNECT. */

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cloud/mqtt_nap.h"

#define MOST_MS 1000 /* after it Paho goes on as it would */

static int wait_for_outcome(int fd)
{
    struct pollfd done = {.fd = fd, .events = POLLOUT};
    int code = EINPROGRESS;
    socklen_t size = sizeof(code);

    if (poll(&done, 1, MOST_MS) > 0 &&
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0)
        return 0;
    errno = code;
    return -1;
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    int failed = (int)syscall(SYS_connect, fd, address, len);

    return failed != 0 && errno == EINPROGRESS && mqtt_nap_is_sender()
        ? wait_for_outcome(fd)
        : failed;
}
