/* addresses.h - the addresses of a name, in the order they are tried. */

#ifndef CLOUD_ADDRESSES_H
#define CLOUD_ADDRESSES_H

#include <stddef.h>
#include <sys/socket.h>

#define ADDRESSES_MOST       16
#define ADDRESSES_PER_FAMILY 8 /* a name may have thousands */

struct address {
    struct sockaddr_storage bytes;
    socklen_t len;
};

struct addresses {
    struct address list[ADDRESSES_MOST];
    size_t count;
};

/* Add one; what is neither IPv4 nor IPv6, or beyond its family's share, is left
 * out. */
void addresses_add(
    struct addresses *addresses, const struct sockaddr *bytes, socklen_t len);

/* RFC 8305 section 4: the families take turns, each in the order it was added;
 * `first` (AF_INET, AF_INET6) begins, IPv6 unless that is said. */
void addresses_interleave(struct addresses *addresses, int first);

#endif
