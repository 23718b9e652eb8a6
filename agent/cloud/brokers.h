/* brokers.h - where brokers are: as written in the configuration, in the order
 * of preference. */

#ifndef CLOUD_BROKERS_H
#define CLOUD_BROKERS_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define BROKERS_MOST  8
#define BROKERS_HOST  253 /* RFC 1035 section 2.3.4, in text */
#define BROKERS_PLACE (BROKERS_HOST + 12)

struct broker {
    char host[BROKERS_HOST + 1]; /* an IPv6 address has no brackets */
    uint16_t port;
};

struct brokers {
    struct broker list[BROKERS_MOST];
    size_t count;
};

/* HOST, HOST:PORT, [IPV6] or [IPV6]:PORT, divided by commas; `port` where none
 * stands.  ERR_INVALID: it is something else; ERR_TOO_BIG: there are too many.
 */
enum err brokers_parse(
    const char *text, uint16_t port, struct brokers *out) MUST_CHECK;

/* One of these, which must be all of `len` bytes; `port` when it names none, 0:
 * it must.  For other places of the same form, too. */
enum err broker_parse(
    const char *text, size_t len, uint16_t port, struct broker *out) MUST_CHECK;

/* In the same form, without the port when it is `usual` (0: never). */
void broker_print(
    const struct broker *broker, uint16_t usual, char out[BROKERS_PLACE]);

#endif
