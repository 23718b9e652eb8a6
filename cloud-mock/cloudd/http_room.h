/* http_room.h - what http.c and http_stream.c share; nobody else includes it.
 */

#ifndef CLOUDD_HTTP_ROOM_H
#define CLOUDD_HTTP_ROOM_H

#include <microhttpd.h>
#include <netinet/in.h>

#include "cloudd/http.h"

struct http {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_watch *watch;
    struct loop_timer *timer;
    http_handler *handler;
    void *context;
    struct http_request *requests;
    char *lists; /* until the first session, see http_tls.c */
    bool closing;
    bool full;    /* of connections, after the last turn */
    bool resumed; /* a connection, since the last turn began */
};

struct http_stream {
    struct http_request *request;
    loop_callback *closed;
    void *context;
    size_t limit, start, len; /* a ring */
    bool dropped;
    char ring[];
};

struct http_request {
    struct http *http;
    struct http_request *next, **link;
    struct MHD_Connection *connection;
    struct MHD_Response *response; /* made, but not queued yet */
    unsigned status;               /* 0: not answered yet */
    const char *method;
    char *path, *body;
    size_t body_len, body_seen;
    struct http_stream *stream;
    bool handled, suspended;
    char peer[INET6_ADDRSTRLEN];
};

/* What the daemon is started with for TLS; only an end without. */
#define HTTP_ROOM_TLS_ITEMS 5
void http_room_tls(const struct http_tls *tls,
    struct MHD_OptionItem items[HTTP_ROOM_TLS_ITEMS]);

/* Keep the lists, if there are any.  ERR_INVALID, said: they are none. */
enum err http_room_lists(
    struct http *http, const struct http_tls *tls) MUST_CHECK;

/* A suspended connection sleeps until somebody resumes it. */
void http_room_suspend(struct http_request *request);
void http_room_resume(struct http_request *request); /* harmless when awake */

/* The headers every answer carries. */
void http_room_headers(
    struct MHD_Response *response, const char *type, bool keep);

#endif
