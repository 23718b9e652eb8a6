/* lookup.h - the addresses of a name, asked of the system's resolver.
 *
 * getaddrinfo(3) cannot be told to give up, so it runs on a thread of its own:
 * who waits for it can walk away, and it ends when the resolver does. */

#ifndef CLOUD_LOOKUP_H
#define CLOUD_LOOKUP_H

#include <stddef.h>
#include <stdint.h>

#include "cloud/addresses.h"
#include "cloud/waiter.h"
#include "core/err.h"

#define LOOKUP_MOST 8 /* questions without an answer, in the whole process */

struct lookup {
    const char *host; /* DNS name or IP address */
    uint16_t port;
    struct waiter waiter;
    char *why; /* out: what went wrong, in words */
    size_t why_size;
};

/* ERR_NOT_FOUND: it has no address, or nobody answered in time; ERR_IO,
 * ERR_NO_MEMORY: this machine is out of something, or LOOKUP_MOST older
 * questions still hang; or what the waiter said. */
enum err lookup_host(
    const struct lookup *lookup, struct addresses *out) MUST_CHECK;

#endif
