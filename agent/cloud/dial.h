/* dial.h - from a host and a port to a connected socket. */

#ifndef CLOUD_DIAL_H
#define CLOUD_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct dial {
    const char *host; /* DNS name or IP address */
    uint16_t port;
    /* Wait until `fd` has `events` of poll(2).  ERR_AGAIN: the time is over;
     * anything else ends the dialling with that error. */
    enum err (*wait)(void *context, int fd, short events);
    void *context;
    char *why; /* out: what went wrong, in words */
    size_t why_size;
};

/* Try each address until one connects; *fd is non-blocking, without delays,
 * and the caller's.  Blocks while the name is looked up.  ERR_NOT_FOUND: the
 * name has no address; ERR_AGAIN: nobody answers; ERR_IO: this machine is out
 * of something; or what `wait` said. */
enum err dial_host(const struct dial *dial, int *fd) MUST_CHECK;

#endif
