/* proxy.h - the proxy between this device and the world, as configured.
 *
 * The environment's proxy variables never count. */

#ifndef CLOUD_PROXY_H
#define CLOUD_PROXY_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud/brokers.h"
#include "cloud/head.h"
#include "core/err.h"

#define PROXY_SECRET 255 /* the longest user and password (RFC 1929) */
#define PROXY_TEXT   (BROKERS_PLACE + 10)
#define PROXY_WORDS                                                            \
    "http://[USER[:PASSWORD]@]HOST:PORT, or socks5h:// and the rest; what is " \
    "special in USER and PASSWORD as %XX"

enum proxy_kind {
    PROXY_HTTP,  /* CONNECT (RFC 9110 section 9.3.6), Basic */
    PROXY_SOCKS5 /* RFC 1928, RFC 1929; it looks names up */
};

struct proxy {
    enum proxy_kind kind;
    struct broker place;
    char user[PROXY_SECRET + 1]; /* "": none */
    char password[PROXY_SECRET + 1];
};

/* ERR_INVALID: it is not as PROXY_WORDS says. */
enum err proxy_parse(const char *text, struct proxy *out) MUST_CHECK;

/* Take the password from a file: its first line.  ERR_INVALID: none, or too
 * long; else as file_read. */
enum err proxy_read_password(struct proxy *proxy, const char *path) MUST_CHECK;

/* "http://host:port", without the secrets. */
void proxy_print(const struct proxy *proxy, char out[PROXY_TEXT]);

void proxy_wipe(struct proxy *proxy);

/* --- HTTP CONNECT --------------------------------------------------------- */

#define PROXY_REQUEST 2048

/* The request for a tunnel to `to`; `basic` is Base64 of "user:password", or
 * NULL.  Its length. */
size_t proxy_connect(
    const struct broker *to, const char *basic, char out[PROXY_REQUEST]);

/* Why an answer opens no tunnel, in words; false: it does. */
bool proxy_refuses(
    const struct head *answer, bool had_user, char *why, size_t why_size);

#endif
