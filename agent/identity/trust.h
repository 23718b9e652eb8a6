/* trust.h - whom we believe: one policy for every connection.
 *
 * A server is believed when its chain leads to one of our anchors, every date
 * fits our clock, its leaf names the endpoint in subjectAltName (never the CN;
 * RFC 9525 section 6), and the leaf and each CA below the anchor may speak for
 * servers (extendedKeyUsage, RFC 5280 section 4.2.1.12).  Nothing turns this
 * off. */

#ifndef IDENTITY_TRUST_H
#define IDENTITY_TRUST_H

#include <mbedtls/ssl.h>

#include "core/err.h"

struct trust;

enum trust_reason {
    TRUST_OK,
    TRUST_CLOCK,          /* our own clock is before this program was built */
    TRUST_EXPIRED,        /* a certificate of the chain is over */
    TRUST_NOT_YET,        /* ... or has not begun */
    TRUST_UNKNOWN_ISSUER, /* no path to one of our anchors */
    TRUST_NAME,           /* genuine, but somebody else */
    TRUST_PURPOSE,        /* not for servers */
    TRUST_REVOKED,
    TRUST_WEAK, /* key or signature below what we accept */
    TRUST_BAD   /* malformed, or says what we cannot evaluate */
};

/* "unknown_issuer"; static. */
const char *trust_reason_name(enum trust_reason reason);

struct trust_verdict {
    enum trust_reason reason;
    char detail[200]; /* words a person can act on */
};

/* Read the anchors (PEM).  Reasons are logged; errors as chain_read_anchors. */
enum err trust_load(const char *path, struct trust **out) MUST_CHECK;
void trust_free(struct trust *trust); /* NULL is fine */

/* One judgement about one peer; lives as long as the connection. */
struct trust_check {
    const struct trust *trust;
    const char *host; /* the endpoint: a DNS name, or an IP address as text */
    struct trust_verdict verdict; /* TRUST_OK until something is wrong */
};

/* Make `config` verify as `check` says; both must outlive the connection. */
void trust_apply(struct trust_check *check, mbedtls_ssl_config *config);

/* Name the server: SNI for a DNS name, none for an IP address. */
enum err trust_name_server(
    const struct trust_check *check, mbedtls_ssl_context *ssl) MUST_CHECK;

#endif
