/* trust.h - whom we believe: one policy for every connection.
 *
 * A peer is believed when a path leads from its certificate to one of our
 * anchors and every rule of RFC 5280 holds on it (path.h); a server also when
 * its leaf names the endpoint in subjectAltName (RFC 9525 section 6), a device
 * when its vendor's CA speaks for it (genuine.h); and when a pinned key stands
 * in the path, where keys are pinned.  Nothing turns this off: a TLS handshake
 * of this program ends here whoever set it up (judge.c). */

#ifndef IDENTITY_TRUST_H
#define IDENTITY_TRUST_H

#include <mbedtls/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/anchors.h"
#include "identity/bytes.h"
#include "identity/certs_only.h"
#include "identity/genuine.h"
#include "identity/lists.h"
#include "identity/path.h"
#include "identity/proof.h"
#include "identity/reason.h"
#include "identity/timefloor.h"

struct trust;

/* The operating system's store, when asked for by this name in place of a
 * file. */
#define TRUST_SYSTEM "system"

struct trust_options {
    const char *anchors;     /* a PEM file, or TRUST_SYSTEM */
    const char *crl;         /* a file of revocation lists; NULL: none */
    const char *pins;        /* see pin.h; NULL or empty: none */
    int64_t crl_grace_s;     /* how long a list may be over */
    struct timefloor *floor; /* borrowed for the trust's life; NULL: the build
                                date alone */
};

/* Reasons are logged; errors as chain_read_anchors, crls_read, pins_parse. */
enum err trust_load(
    const struct trust_options *options, struct trust **out) MUST_CHECK;
void trust_free(struct trust *trust); /* NULL is fine */

/* Use fetched revocation lists, beside the file's: as lists_use. */
enum err trust_use_lists(
    struct trust *trust, struct lists_fetched *fetched) MUST_CHECK;

/* The CAs that an enrolment server names (RFC 7030 section 4.1.3): those that a
 * trusted one vouches for are anchors too from now on, beside the configured
 * ones; those that were added before and are not among them leave.  On any
 * thread's connections at once.  *kept: what trust_restore_anchors wants at the
 * next start; the caller frees.  Each is logged; ERR_NO_MEMORY: all is as it
 * was. */
enum err trust_roll_anchors(struct trust *trust,
    const struct certs_only *offered, struct bytes *kept) MUST_CHECK;

/* ERR_INVALID: it is damaged, and none is added. */
enum err trust_restore_anchors(struct trust *trust, const char *pem) MUST_CHECK;

void trust_look(const struct trust *trust, struct anchors_view *out);

#define TRUST_DIGEST 32

/* A hash that changes with the configured anchors, the pins and the agent's
 * build: for what must not outlive a change of them. */
enum err trust_digest(
    const struct trust *trust, unsigned char out[TRUST_DIGEST]) MUST_CHECK;

#define TRUST_NOW INT64_MIN

struct trust_question {
    enum path_purpose purpose;
    const char *host;               /* the endpoint; for PATH_SERVER */
    struct genuine_question device; /* for PATH_DEVICE */
    int64_t at_s;                   /* TRUST_NOW, or the time to judge at */
};

struct trust_verdict {
    enum trust_reason reason;
    enum proof level;   /* what is proved: also of a device that is refused for
                           being another one than was asked for */
    bool clock_is_late; /* our clock is before the floor: see timefloor.h */
    char detail[320];   /* words a person can act on; "" when believed */
};

/* Was it refused for dates while our clock is known to be wrong?  Then that is
 * what to mend first. */
bool trust_blames_clock(const struct trust_verdict *verdict);

/* Judge `sent`: the peer's leaf, then what it sent along. */
void trust_judge(const struct trust *trust,
    const struct trust_question *question, const mbedtls_x509_crt *sent,
    struct trust_verdict *out);

/* One judgement about one server; lives as long as the connection. */
struct trust_check {
    const struct trust *trust;
    const char *host; /* the endpoint: a DNS name, or an IP address as text */
    struct trust_verdict verdict; /* TRUST_OK until something is wrong */
    bool is_judged; /* the server sent certificates: `verdict` is about them.
                       After a handshake without that, a session was resumed */
};

/* Make `config` verify as `check` says; both must outlive the connection. */
void trust_apply(struct trust_check *check, mbedtls_ssl_config *config);

/* Name the server: SNI for a DNS name, none for an IP address. */
enum err trust_name_server(
    const struct trust_check *check, mbedtls_ssl_context *ssl) MUST_CHECK;

/* A handshake ended with this error of mbedTLS while the verdict was still
 * TRUST_OK: if it is about the peer's certificate, say so in the verdict. */
void trust_explain(struct trust_check *check, int mbedtls_error);

#endif
