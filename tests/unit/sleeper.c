/* sleeper.c - the agent on a machine that sleeps when a test says so: each line
 * into the pipe NAMEPLATE_TEST_BELL is the end of a sleep of ten seconds. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "ports/port.h"

#define SLEEP_MS 10000

static int64_t slept_ms;

enum err __wrap_port_wake_watch(int *fd);
void __wrap_port_wake_drain(int fd);
int64_t __wrap_port_slept_ms(void);

enum err __wrap_port_wake_watch(int *fd)
{
    const char *bell = getenv("NAMEPLATE_TEST_BELL");

    *fd = bell == NULL ? -1 : open(bell, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return *fd < 0 ? ERR_UNSUPPORTED : ERR_OK;
}

void __wrap_port_wake_drain(int fd)
{
    char line[80];

    while (read(fd, line, sizeof(line)) > 0)
        slept_ms += SLEEP_MS;
}

int64_t __wrap_port_slept_ms(void)
{
    return slept_ms;
}
