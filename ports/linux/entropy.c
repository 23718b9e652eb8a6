/* entropy.c - getrandom(2) blocks only before the kernel's pool is seeded. */

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

#include "core/log.h"
#include "ports/port.h"

enum err port_random(void *bytes, size_t len)
{
    unsigned char *p = bytes;

    while (len > 0) {
        ssize_t got = getrandom(p, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            log_error(
                "entropy", "getrandom failed reason=\"%s\"", strerror(errno));
            return ERR_IO;
        }
        p += got;
        len -= (size_t)got;
    }
    return ERR_OK;
}
