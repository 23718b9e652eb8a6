/* http_inside.h - what the files http_*.c share; for nobody else. */

#ifndef CLOUD_HTTP_INSIDE_H
#define CLOUD_HTTP_INSIDE_H

#include <curl/curl.h>
#include <mbedtls/ssl.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cloud/http.h"

#define HTTP_MODULE  "http"
#define HTTP_SOCKETS 4 /* open at once: two addresses are raced */

/* Where a hop goes. */
struct http_place {
    bool is_https;
    char host[256]; /* without the brackets of an IPv6 address */
    char port[8];
};

struct http_header {
    const char *name;
    char value[256];
    bool is_there;
};

enum http_header_index {
    HTTP_ETAG,
    HTTP_LAST_MODIFIED,
    HTTP_RETRY_AFTER,
    HTTP_CONTENT_TYPE,
    HTTP_CONTENT_ENCODING,
    HTTP_HEADERS
};

/* What came from the peer. */
struct http_answer {
    struct http_header headers[HTTP_HEADERS];
    size_t header_bytes;
    char *body; /* NULL until the first byte */
    size_t len, size, limit;
    bool is_too_big, is_out_of_memory;
};

void http_answer_begin(struct http_answer *answer, size_t limit);
void http_answer_free(struct http_answer *answer);
/* curl's callbacks; the last argument is a struct http_answer. */
size_t http_answer_on_header(char *line, size_t one, size_t len, void *context);
size_t http_answer_on_body(char *bytes, size_t one, size_t len, void *context);

struct http_transfer;

/* How libcurl sends and receives for one connection.  One that is being closed
 * still has its own while the next hop's is made. */
struct http_ear {
    const struct http_transfer *transfer;
    mbedtls_ssl_context *ssl; /* that of this connection */
    mbedtls_ssl_send_t *send;
    mbedtls_ssl_recv_t *receive;
    void *context;
};

/* A request's work, on the loop until its thread starts, then on the thread;
 * `wake` is written by the loop. */
struct http_transfer {
    CURL *easy;
    CURLM *multi;
    struct curl_slist *headers;
    int wake; /* an eventfd */
    char *url;
    const struct trust *trust;
    mbedtls_x509_crt *chain;
    struct key *key;
    size_t limit_bytes;
    uint32_t timeout_ms, connect_ms, stall_ms;
    unsigned redirects; /* left */
    bool has_proxy, shows_credentials;
    int64_t end_ms, connect_end_ms; /* of all, and of this hop's handshake */
    atomic_bool must_end;           /* `wake`, for a thread deep in mbedTLS */
    struct http_place place;        /* of this hop */
    struct trust_check check;
    mbedtls_ssl_context *ssl; /* of this hop's connection, while it lives */
    struct http_ear ears[HTTP_REDIRECTS + 1];
    size_t ears_used;
    int tls_error, alert; /* 0: none */
    int sockets[HTTP_SOCKETS];
    struct http_bytes closed; /* of sockets that are closed */
    struct http_answer answer;
    char key_why[KEY_WHY]; /* our own key cannot be used; "": it can */
    char words[CURL_ERROR_SIZE];
    char detail[400];
    struct http_end end;
};

/* Check and copy the options; errors as http_start. */
enum err http_transfer_open(
    struct http_transfer *t, const struct http_options *options) MUST_CHECK;
/* Ask, on the thread, until t->end is filled in or somebody writes to
 * t->wake. */
void http_transfer_run(struct http_transfer *t);
/* Close curl's things, which may wait for a name look-up. */
void http_transfer_close(struct http_transfer *t);
/* Free what the end lent. */
void http_transfer_forget(struct http_transfer *t);

/* ERR_INVALID: not an http:// or https:// URL, or with a user in it. */
enum err http_place_of(const char *url, struct http_place *out) MUST_CHECK;
/* The URL without user and password, to be given to free(3); NULL: no URL, or
 * no memory. */
char *http_without_user(const char *url);

/* Bytes of all the transfer's sockets. */
struct http_bytes http_transfer_bytes(const struct http_transfer *t);
/* Hand the connections of this transfer to our trust and our counters. */
enum err http_tls_attach(struct http_transfer *t) MUST_CHECK;

/* Fill in t->end from what curl says went wrong. */
void http_explain(struct http_transfer *t, CURLcode code);
/* ... and from a limit of ours. */
void http_explain_late(struct http_transfer *t);
void http_because(struct http_transfer *t, enum http_reason reason,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
