/* link.h - one authenticated byte stream to the cloud.
 *
 * Paho knows TLS only through OpenSSL, so it speaks plain MQTT to a loopback
 * port of ours and a thread carries the bytes through mbedTLS.  The port takes
 * one connection, from a socket of this very process, and is closed at once.
 * No byte is carried before the peer has proved itself.  Port 443 is asked for
 * MQTT by ALPN x-amzn-mqtt-ca, unless it is MQTT over WebSocket. */

#ifndef CLOUD_LINK_H
#define CLOUD_LINK_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stdint.h>

#include "cloud/brokers.h"
#include "cloud/link_memory.h"
#include "cloud/link_tickets.h"
#include "cloud/proxy.h"
#include "core/err.h"
#include "core/loop.h"
#include "identity/key.h"
#include "identity/trust.h"

struct link;

enum link_reason {
    LINK_CLOSED,      /* by us, as asked */
    LINK_INTERFACE,   /* this machine has no network, or no longer the address
                         that the link used */
    LINK_DNS,         /* the name has no address */
    LINK_TCP,         /* nobody answers there */
    LINK_PROXY,       /* the proxy is not there, or lets us not through */
    LINK_TLS,         /* no common language, or a broken one */
    LINK_WEBSOCKET,   /* no WebSocket for MQTT there */
    LINK_CLOCK,       /* our clock is wrong */
    LINK_CERTIFICATE, /* we do not believe the server */
    LINK_REFUSED,     /* the server does not believe us */
    LINK_KEY,         /* our key cannot sign now, or is another one */
    LINK_LOST,        /* it was up, and broke */
    LINK_LOCAL        /* this machine is out of something */
};

const char *link_reason_name(enum link_reason reason); /* "dns"; static */

struct link_options {
    const struct brokers *brokers; /* tried in turn until one is up; copied */
    struct link_route last;        /* where the turns begin */
    bool websocket;                /* MQTT over WebSocket, at /mqtt */
    const struct proxy *proxy;     /* NULL: none; it looks up the names */
    struct link_tickets *tickets;  /* NULL: every handshake is a full one */
    struct link_memory *memory;    /* NULL: nobody watches whether it lives */
    const struct trust *trust;
    mbedtls_x509_crt *chain; /* what we show, leaf first */
    struct key *key;
    uint32_t timeout_ms; /* of each broker: name, address and handshake */
};

/* The longest that a link with these options takes to be up. */
uint32_t link_patience_ms(const struct link_options *options);

/* How a link ended; `detail` is lent for the call. */
struct link_end {
    enum link_reason reason;
    const char *detail;
};

struct link_events {
    void (*up)(void *context);                               /* at most once */
    void (*down)(void *context, const struct link_end *end); /* exactly once,
        also when it was never up, unless link_stop comes first */
    void *context;
};

struct link_bytes {
    uint64_t in, out; /* TLS records, as sent and received */
    /* With TCP and IP, estimated: 52 bytes of header (72 with IPv6) for each
     * 1,400 bytes or part of them that were sent or received in one go, an
     * acknowledgement for every other of these, and seven packets to begin and
     * end.  What is sent again after a loss is not in it. */
    uint64_t wire_in, wire_out;
};

/* Begin to dial.  Everything `options` points to is borrowed until the link
 * has ended (link_threads).  ERR_IO, ERR_NO_MEMORY: nothing
 * happened. */
enum err link_start(struct loop *loop, const struct link_options *options,
    const struct link_events *events, struct link **out) MUST_CHECK;

/* The loopback port that Paho must connect to, now. */
uint16_t link_port(const struct link *link);

/* The way it went; when it is up. */
struct link_route link_route(const struct link *link);

/* The broker had us in (CONNACK), with this Server Keep Alive (MQTT 5 section
 * 3.2.2.3.14), or 0. */
void link_settled(struct link *link, uint16_t server_keep_alive_s);

/* The machine's network changed, or it slept.  A link that is up and whose
 * address the machine no longer has ends with LINK_INTERFACE; with
 * `must_probe` another asks the broker for a sign of life, and ends with
 * LINK_LOST when none comes within VIGIL_PROBE_MS. */
void link_look_again(struct link *link, bool must_probe);

/* Bytes of this link so far. */
struct link_bytes link_bytes(const struct link *link);

/* The first bytes that came in so far, lent until the link ends; *len. */
const unsigned char *link_first_bytes(const struct link *link, size_t *len);

/* End it: no event comes any more, the handle is dead.  Does not block; what
 * the thread still does (a name look-up) is waited for in the background. */
void link_stop(struct link *link);

/* How many links still have a thread: 0 means all borrowed things are free. */
unsigned link_threads(void);

#endif
