/* link_tickets.h - TLS sessions that can be resumed (RFC 8446 section 2.2, RFC
 * 5077), one per broker, kept on disk over restarts.
 *
 * A resumed handshake proves that the server is the one that proved itself
 * before; it sends no certificate.  So what it sent then is kept too, to be
 * judged again before the session is used.  A kept session is good for this
 * broker, these anchors, pins and certificate of ours, and this build of the
 * agent; for LINK_TICKETS_DAY_S since the last full handshake; and once. */

#ifndef CLOUD_LINK_TICKETS_H
#define CLOUD_LINK_TICKETS_H

#include <mbedtls/ssl.h>
#include <stdint.h>

#include "cloud/brokers.h"
#include "core/err.h"
#include "identity/trust.h"

#define LINK_TICKETS_DAY_S 86400

struct link_tickets;

struct link_tickets_options {
    const char *folder; /* of the store, borrowed */
    const struct trust *trust;
    const mbedtls_x509_crt *chain; /* our own */
};

/* Reasons are logged; errors as sealer_new.  Links use it on their threads. */
enum err link_tickets_new(const struct link_tickets_options *options,
    struct link_tickets **out) MUST_CHECK;
void link_tickets_free(struct link_tickets *tickets); /* NULL is fine */

struct link_ticket {
    mbedtls_ssl_session session;
    mbedtls_x509_crt peer; /* what the server sent when it proved itself */
    int64_t proved_ms;     /* ... and when; wall clock */
};

void link_ticket_init(struct link_ticket *ticket);
void link_ticket_free(struct link_ticket *ticket);

/* Take the session that is kept for this broker: it is gone from the disk.
 * Fills in an initialised ticket.  ERR_NOT_FOUND: there is none that can be
 * used; the reason is logged where it is odd. */
enum err link_tickets_take(struct link_tickets *tickets,
    const struct broker *broker, struct link_ticket *out) MUST_CHECK;

/* Keep a session; failures are logged. */
void link_tickets_keep(struct link_tickets *tickets,
    const struct broker *broker, const struct link_ticket *ticket);

/* A server failed at resuming: keep nothing more until the agent starts
 * again. */
void link_tickets_give_up(struct link_tickets *tickets);

#endif
