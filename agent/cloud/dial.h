/* dial.h - from a host and a port to a connected socket.
 *
 * RFC 8305 ("happy eyeballs"): every address is tried, IPv6 and IPv4 in turns,
 * a new one each DIAL_STAGGER_MS or as soon as one fails; the first that
 * connects wins.  An IPv6 that leads nowhere costs one stagger. */

#ifndef CLOUD_DIAL_H
#define CLOUD_DIAL_H

#include <stddef.h>
#include <stdint.h>

#include "cloud/waiter.h"
#include "core/err.h"

#define DIAL_STAGGER_MS 250 /* RFC 8305 section 5 */

/* What a failed connection tells about this machine. */
enum dial_sign {
    DIAL_NO_SIGN,
    DIAL_NO_ROUTE, /* it has none to any of the addresses */
    DIAL_REFUSED   /* somebody answered, with a refusal */
};

struct dial {
    const char *host; /* DNS name or IP address */
    uint16_t port;
    int family; /* what worked last: AF_INET, AF_INET6; or 0 */
    struct waiter waiter;
    enum dial_sign *sign; /* out, on failure; or NULL */
    char *why;            /* out: what went wrong, in words */
    size_t why_size;
};

/* *fd is non-blocking, without delays, and the caller's.  ERR_NOT_FOUND: the
 * name has no address; ERR_AGAIN: nobody answers; ERR_IO, ERR_NO_MEMORY: this
 * machine is out of something; or what the waiter said. */
enum err dial_host(const struct dial *dial, int *fd) MUST_CHECK;

#endif
