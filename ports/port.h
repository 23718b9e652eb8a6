/* port.h - everything that differs between platforms, as a contract in prose.
 *
 * A platform is a folder beside this file with one .c file per heading below;
 * CMake chooses it.  No #ifdef of a platform stands above ports/.  Time and
 * randomness come only from here, so tests own both. */

#ifndef PORTS_PORT_H
#define PORTS_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* --- clock -------------------------------------------------------------- */

/* Wall clock, milliseconds since 1970-01-01T00:00:00Z; may jump, may be wrong
 * by decades. */
int64_t port_wall_ms(void);

/* Never goes back, counts from an unknown start, counts on while the machine
 * sleeps (CLOCK_BOOTTIME). */
int64_t port_monotonic_ms(void);

/* --- entropy ------------------------------------------------------------ */

/* Fill `bytes` from the system's CSPRNG.  ERR_IO: nothing may be derived from
 * the buffer. */
enum err port_random(void *bytes, size_t len) MUST_CHECK;

/* --- peer --------------------------------------------------------------- */

/* Who is at the other end of a connected UNIX stream socket, as it was when
 * it connected; it cannot lie about it. */
struct port_peer {
    int64_t pid;
    uint32_t uid;
};
enum err port_peer(int fd, struct port_peer *out) MUST_CHECK;

/* Was it a member of this group then?  False too when it cannot be told. */
bool port_peer_in_group(int fd, uint32_t gid);

/* --- threads ------------------------------------------------------------ */

/* What tools call the calling thread; at most 15 bytes of it.  Best effort. */
void port_name_thread(const char *name);

#endif
