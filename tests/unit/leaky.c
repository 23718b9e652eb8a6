/* leaky.c - an agent that loses 16 kilobytes (or, with LEAK_DESCRIPTOR, a
 * file descriptor) at the end of each connection: twins that the soak must
 * find. */

#include "cloud/session_inside.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define LEAK_BYTES 16384

void __real_session_drop(struct session *s);
void __wrap_session_drop(struct session *s);

void *leaky_last; /* seen from outside, so that no compiler leaves it out */
int leaky_file;

void __wrap_session_drop(struct session *s)
{
#ifdef LEAK_DESCRIPTOR
    leaky_file = open("/dev/null", O_RDONLY | O_CLOEXEC);
#else
    leaky_last = malloc(LEAK_BYTES);
    if (leaky_last != NULL)
        memset(leaky_last, 1, LEAK_BYTES);
#endif
    __real_session_drop(s);
}
