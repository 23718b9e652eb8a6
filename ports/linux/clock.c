/* clock.c */

#include <time.h>

#include "ports/port.h"

static int64_t read_clock_ms(clockid_t id)
{
    struct timespec t = {0, 0};

    if (clock_gettime(id, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t port_wall_ms(void)
{
    return read_clock_ms(CLOCK_REALTIME);
}

int64_t port_monotonic_ms(void)
{
    return read_clock_ms(CLOCK_BOOTTIME);
}
