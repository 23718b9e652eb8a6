/* http.h - one HTTP request and its answer; over TLS, the peer is judged by the
 * one trust policy before a byte of the request is sent.
 *
 * The request runs on a thread of its own, because a key in hardware may take
 * seconds to sign.  The environment (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE...)
 * changes nothing. */

#ifndef CLOUD_HTTP_H
#define CLOUD_HTTP_H

#include <mbedtls/x509_crt.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/loop.h"
#include "identity/key.h"
#include "identity/trust.h"

struct http;

enum http_reason {
    HTTP_ANSWERED,    /* by a status, whichever */
    HTTP_DNS,         /* the name has no address */
    HTTP_TCP,         /* nobody answers there */
    HTTP_PROXY,       /* the proxy does not let us through */
    HTTP_TLS,         /* no common language, or a broken one */
    HTTP_CLOCK,       /* our clock is wrong */
    HTTP_CERTIFICATE, /* we do not believe the server */
    HTTP_REFUSED,     /* the server does not believe us */
    HTTP_KEY,         /* our own key cannot be used */
    HTTP_LOST,        /* it broke before the answer was whole */
    HTTP_TIMEOUT,     /* connected, and too slow */
    HTTP_TOO_BIG,     /* the answer is over limit_bytes */
    HTTP_BAD,         /* not HTTP as we speak it, or a redirect too far */
    HTTP_LOCAL        /* this machine is out of something */
};

/* "dns"; HTTP_BAD is "http"; static. */
const char *http_reason_name(enum http_reason reason);

enum http_method { HTTP_GET, HTTP_POST };

/* Strings and body are borrowed for the call to http_start; trust, chain and
 * key until http_threads() is 0. */
struct http_options {
    const char *url; /* http:// or https://, no user in it */
    enum http_method method;
    const char *const *headers; /* "Name: value", then NULL; or NULL.  They go
                                   to redirect targets too */
    const void *body;           /* of a POST */
    size_t body_len;
    const char *user, *password; /* Basic (RFC 7617), or NULL; https:// only */
    const char *proxy;           /* "http://host:port", "socks5h://host:port",
                                    or NULL: none, whatever the environment says */
    const char *proxy_user, *proxy_password; /* or NULL */
    const struct trust *trust;               /* wanted for https:// */
    mbedtls_x509_crt *chain; /* what we show, leaf first, or NULL */
    struct key *key;         /* its key */
    size_t limit_bytes;      /* of the answer's body, hard */
    uint32_t timeout_ms;     /* for everything */
    uint32_t connect_ms;     /* for name, address, handshake of one hop */
    uint32_t stall_ms;       /* without a byte in or out, once connected */
    unsigned redirects;      /* of a GET, followed at most; see below */
};

#define HTTP_REDIRECTS 3 /* the most of `redirects` */

/* TCP payload: TLS records and what a proxy was told are in it. */
struct http_bytes {
    uint64_t in, out;
};

/* How it ended; lent for the call.  Fields after `bytes` are of an answer. */
struct http_end {
    enum http_reason reason;
    const char *detail; /* words a person can act on; "" for an answer */
    struct http_bytes bytes;
    int status; /* RFC 9110 section 15 */
    const char *etag, *last_modified, *retry_after, *content_type; /* or NULL */
    const char *body; /* `len` bytes and a NUL behind them */
    size_t len;
};

struct http_events {
    void (*ended)(void *context, const struct http_end *end);
    void *context;
};

/* Ask.  `ended` comes exactly once, unless http_cancel comes first; its first
 * line clears the handle.  A redirect (RFC 9110 section 15.4) never leads from
 * https:// to http://; to another scheme, host or port, neither password nor
 * certificate goes along.  A body without a length is taken as whole when the
 * peer closes: what must be whole needs a signature or a hash.
 * ERR_INVALID: the options contradict the rules above (logged); ERR_IO,
 * ERR_NO_MEMORY: no thread, descriptor or memory.  Open a key in hardware
 * before the first call: this one starts the crypto library. */
enum err http_start(struct loop *loop, const struct http_options *options,
    const struct http_events *events, struct http **out) MUST_CHECK;

/* No event comes any more, the handle is dead; NULL is fine.  Does not block:
 * what the thread still does is waited for in the background. */
void http_cancel(struct http *http);

/* How many requests still have a thread. */
unsigned http_threads(void);

#endif
