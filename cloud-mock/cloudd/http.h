/* http.h - the one file that knows libmicrohttpd: requests and answers.
 *
 * One thread: the library's descriptor is watched on the loop.  A handler gets
 * a whole request and answers it now or later, exactly once. */

#ifndef CLOUDD_HTTP_H
#define CLOUDD_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/loop.h"

#define HTTP_BODY_MOST        (100 * 1024) /* a sealed text of 64 KiB fits */
#define HTTP_CONNECTIONS_MOST 128

struct http;
struct http_request;
struct http_stream;

typedef void http_handler(void *context, struct http_request *request);

/* HTTPS; everything is PEM text, copied. */
struct http_tls {
    const char *certificate, *key; /* the server's, with its chain */
    const char *trust;             /* CAs that clients' chains may lead to */
    const char *lists;             /* what they have revoked; NULL: nothing */
};

struct http_options {
    const struct http_tls *tls; /* NULL: plain HTTP */
    const char *address;        /* an IPv4 address */
    uint16_t port;              /* 0: any free one */
    http_handler *handler;
    void *context;
};

/* ERR_DENIED: the address cannot be had; why is logged. */
enum err http_new(struct loop *loop, const struct http_options *options,
    struct http **out) MUST_CHECK;
void http_free(struct http *http); /* unanswered requests get none */
uint16_t http_port(const struct http *http);

/* Look at a request; what is not there is NULL.  All lent until the answer. */
const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request); /* unescaped */
const char *http_header(struct http_request *request, const char *name);
const char *http_query(struct http_request *request, const char *name);
const char *http_cookie(struct http_request *request, const char *name);
const char *http_body(const struct http_request *request, size_t *len);
const char *http_peer(struct http_request *request); /* address, "?" at worst */

/* The certificate that the client showed in the TLS handshake and whose key it
 * holds, DER, lent until the answer.  ERR_NOT_FOUND: it showed none, or this is
 * no TLS; ERR_DENIED: it leads to none of the CAs, is not yet or no longer
 * valid, or is not for clients: `why` is in words. */
#define HTTP_WHY_SIZE 200
enum err http_client_certificate(struct http_request *request, const void **der,
    size_t *len, char why[HTTP_WHY_SIZE]) MUST_CHECK;

struct http_answer {
    unsigned status;
    const char *type; /* Content-Type; NULL with an empty body */
    const void *body;
    size_t len;
    const char *header_name, *header_value; /* one more header, or NULL */
    bool keep; /* the browser may keep a copy, if it asks before using it */
};

/* Answer; everything is copied.  The request is dead afterwards. */
void http_reply(struct http_request *request, const struct http_answer *answer);

/* Answer 200 with a stream of `type` that goes on.  `closed` comes once, when
 * the reader is gone or was dropped, never from inside these calls; the stream
 * is dead then. */
struct http_stream *http_stream_start(struct http_request *request,
    const char *type, size_t queue_bytes, loop_callback *closed, void *context);

/* Queue bytes; a reader whose queue would pass its limit is dropped. */
void http_stream_send(
    struct http_stream *stream, const void *bytes, size_t len);
void http_stream_drop(struct http_stream *stream);

#endif
