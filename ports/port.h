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

/* --- sockets ------------------------------------------------------------ */

/* What a connected TCP socket has carried so far: payload, without what was
 * sent again.  Unchanged where the system cannot tell. */
void port_tcp_bytes(int fd, uint64_t *in, uint64_t *out);

/* How long what a TCP socket sent may stay unacknowledged before the system
 * breaks the connection.  Where it cannot be said, the system's own patience
 * stays: minutes. */
void port_tcp_patience(int fd, uint32_t ms);

/* --- network ------------------------------------------------------------ */

/* *fd, non-blocking and the caller's to close, becomes readable when an
 * interface, an address or a route came, went or changed.  Readable means "look
 * again", not what happened: changes may be told late, together, or for
 * nothing.  ERR_UNSUPPORTED: this system does not tell, errno says why. */
enum err port_network_watch(int *fd) MUST_CHECK;

/* Take what lies in that descriptor, so that it can become readable again. */
void port_network_drain(int fd);

/* What this machine knows of its network, without asking anybody.  Interfaces
 * count when they are switched on and have a carrier; loopback does not, nor
 * does an address that means something on one wire only. */
struct port_network {
    bool is_up; /* an interface has an address; true too when it cannot be told
                 */
    /* The address that a packet to the internet would have, "" where there is
     * no way: it changes with the default route. */
    char way_ipv4[46], way_ipv6[46];
};
void port_network_read(struct port_network *out);

/* Has an interface that counts this IPv4 or IPv6 address (loopback counts
 * here)?  True too when it cannot be told. */
struct sockaddr;
bool port_network_has(const struct sockaddr *address);

/* --- sleep -------------------------------------------------------------- */

/* *fd, non-blocking and the caller's to close, becomes readable when the
 * machine woke up from sleep, and when somebody set the wall clock.
 * ERR_UNSUPPORTED: this system does not tell, errno says why. */
enum err port_wake_watch(int *fd) MUST_CHECK;

/* Take that, so that it can become readable again. */
void port_wake_drain(int fd);

/* How long the machine has slept since it was started: it grew, it slept. */
int64_t port_slept_ms(void);

/* --- threads ------------------------------------------------------------ */

/* What tools call the calling thread; at most 15 bytes of it.  Best effort. */
void port_name_thread(const char *name);

/* --- machine ------------------------------------------------------------ */

#define PORT_UNKNOWN INT64_MIN /* what the machine cannot tell */

/* Counters start at an unknown value and only differences mean something; a
 * counter that went back was begun again. */
struct port_machine {
    int64_t cpu_busy, cpu_total; /* counters, in one unit, of all processors */
    int64_t memory_total_bytes;
    int64_t memory_available_bytes; /* without swapping */
    int64_t disk_used_bytes;
    int64_t disk_free_bytes;                    /* for the agent's user */
    int64_t network_rx_bytes, network_tx_bytes; /* counters, without loopback */
    int64_t temperature_millicelsius;           /* of the hottest sensor */
    int64_t uptime_s;
    int64_t agent_rss_bytes;
};

/* Read what can be read; never blocks on a device.  The disk is the file system
 * that `disk_folder` lies on. */
void port_machine_read(const char *disk_folder, struct port_machine *out);

#endif
