/* endpoint.h - is this name in a certificate the endpoint we dialled?
 *
 * RFC 9525 section 6.  An endpoint is a DNS name, or an IP address as text. */

#ifndef IDENTITY_ENDPOINT_H
#define IDENTITY_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>

#define ENDPOINT_ADDRESS_BYTES 16

/* The address in network order and its length, 4 or 16; 0 for a name. */
size_t endpoint_address(
    const char *host, unsigned char out[ENDPOINT_ADDRESS_BYTES]);

/* Against one dNSName (no NUL behind it).  A wildcard is the whole left-most
 * label, stands for exactly one, and two labels must follow it.  Never true
 * when `host` is an address, in whatever form a resolver takes. */
bool endpoint_is_dns_name(const char *host, const void *name, size_t len);

/* Against one iPAddress; never true when `host` is a name. */
bool endpoint_is_ip_address(const char *host, const void *address, size_t len);

#endif
