/* public_address.h - may a stranger make us connect there?
 *
 * Pure.  What a user enters must not reach what only this machine or its
 * network reaches: loopback, private and link-local ranges, and the many that
 * stand for them (RFC 6890 and IANA's special-purpose registries). */

#ifndef CLOUDD_PUBLIC_ADDRESS_H
#define CLOUDD_PUBLIC_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* True for an IPv4 or IPv6 address that anybody on the internet could reach;
 * of IPv6 only 2000::/3 without what carries an IPv4 address inside. */
bool public_address(const struct sockaddr *address);

#endif
