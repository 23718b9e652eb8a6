/* socks.h - what a client says to a SOCKS5 proxy, and what it hears: bytes in,
 * bytes out, no socket (RFC 1928, RFC 1929). */

#ifndef CLOUD_SOCKS_H
#define CLOUD_SOCKS_H

#include <stddef.h>

#include "cloud/brokers.h"
#include "cloud/proxy.h"
#include "core/err.h"

/* In the order they are lived. */
enum socks_step {
    SOCKS_METHOD, /* which way of authentication? */
    SOCKS_LOGIN,  /* is the password right? */
    SOCKS_REPLY,  /* the first bytes of the reply ... */
    SOCKS_BOUND,  /* ... and the address in it */
    SOCKS_OPEN    /* what comes now is the server's */
};

struct socks {
    enum socks_step step;
    const struct proxy *proxy;
    const struct broker *to;
    unsigned char out[3 + 2 * PROXY_SECRET]; /* to be sent now ... */
    size_t out_len;
    unsigned char in[BROKERS_HOST + 10];
    size_t have;
    size_t want;   /* ... and so many bytes more to be heard */
    char why[120]; /* what went wrong, in words */
};

/* Both are borrowed while it lasts. */
void socks_begin(
    struct socks *s, const struct proxy *proxy, const struct broker *to);

/* `len` bytes (at most `want`) have come.  ERR_OK: go on, send `out` if there
 * is any, until the step is SOCKS_OPEN; ERR_DENIED: `why` says what is wrong.
 */
enum err socks_hear(
    struct socks *s, const unsigned char *bytes, size_t len) MUST_CHECK;

#endif
