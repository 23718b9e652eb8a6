/* wake.c - a timer of the wall clock that hardly ever rings, but is cancelled
 * when that clock jumps, as it does when the machine wakes up. */

#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "ports/port.h"

#define LONG_S (366 * 24 * 3600)

static enum err arm(int fd)
{
    struct itimerspec late = {.it_value = {.tv_sec = 0}};

    (void)clock_gettime(CLOCK_REALTIME, &late.it_value);
    late.it_value.tv_sec += LONG_S;
    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
               &late, NULL) == 0
        ? ERR_OK
        : ERR_UNSUPPORTED;
}

enum err port_wake_watch(int *fd)
{
    int opened = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    int reason;

    if (opened < 0)
        return ERR_UNSUPPORTED;
    if (arm(opened) == ERR_OK) {
        *fd = opened;
        return ERR_OK;
    }
    reason = errno;
    (void)close(opened);
    errno = reason;
    return ERR_UNSUPPORTED;
}

void port_wake_drain(int fd)
{
    uint64_t rang;

    /* It fails with ECANCELED, or with EAGAIN when it was for nothing. */
    (void)!read(fd, &rang, sizeof(rang));
    (void)!arm(fd);
}

static int64_t read_ms(clockid_t id)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t port_slept_ms(void)
{
    int64_t awake_ms = read_ms(CLOCK_MONOTONIC);

    return read_ms(CLOCK_BOOTTIME) - awake_ms;
}
