/* http.c - libmicrohttpd with its epoll descriptor on our loop.
 *
 * A connection whose request is not answered yet is suspended, and so is a
 * stream with nothing to say; answering or saying something resumes it, and the
 * library then comes back to on_request or on_read.  While suspended the
 * library does not look at the connection, so a request outlives its client and
 * is freed only in on_completed.  The library panics when stopped with
 * suspended connections: `requests` lists all, to wake them first. */

#include "cloudd/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cloudd/http_room.h"
#include "core/log.h"

#define DISCARD_MOST (1024 * 1024) /* read past the limit, to answer 413 */
#define TIMEOUT_S    30
#define FULL_MS      100
#define MEMORY_MOST  (32 * 1024) /* of a connection: bounds its headers */

static void turn(struct http *http);

static void on_timer(void *context)
{
    struct http *http = context;

    http->timer = NULL;
    turn(http);
}

static void on_ready(void *context, unsigned events)
{
    (void)events;
    turn(context);
}

static void turn_in(struct http *http, uint64_t wait_ms)
{
    loop_timer_cancel(http->timer);
    http->timer = loop_timer_start(http->loop, wait_ms, on_timer, http);
}

static bool is_full(const struct http *http)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info->num_connections >= HTTP_CONNECTIONS_MOST;
}

/* The library listens again only in the turn after the one that made room, and
 * does not ask for that turn. */
static void turn(struct http *http)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    bool was_full;

    http->resumed = false;
    (void)MHD_run(http->daemon);
    was_full = http->full;
    http->full = is_full(http);
    if (http->resumed)
        turn_in(http, 0);
    else if (was_full || http->full)
        turn_in(http, FULL_MS);
    else if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES)
        turn_in(http, wait_ms);
}

/* --- requests ------------------------------------------------------------- */

/* The library's own wake-up does not reach a descriptor that somebody else
 * polls, so the next turn is ours to plan. */
void http_room_resume(struct http_request *r)
{
    if (!r->suspended)
        return;
    r->suspended = false;
    MHD_resume_connection(r->connection);
    r->http->resumed = true;
    if (!r->http->closing)
        turn_in(r->http, 0);
}

void http_room_suspend(struct http_request *r)
{
    r->suspended = true;
    MHD_suspend_connection(r->connection);
}

static struct http_request *request_new(struct http *http,
    struct MHD_Connection *connection, const char *path, const char *method)
{
    struct http_request *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->path = strdup(path);
    if (r->path == NULL) {
        free(r);
        return NULL;
    }
    r->http = http;
    r->connection = connection;
    r->method = method;
    r->next = http->requests;
    r->link = &http->requests;
    if (r->next != NULL)
        r->next->link = &r->next;
    http->requests = r;
    return r;
}

static void request_free(struct http_request *r)
{
    *r->link = r->next;
    if (r->next != NULL)
        r->next->link = r->link;
    if (r->response != NULL)
        MHD_destroy_response(r->response);
    free(r->path);
    free(r->body);
    free(r);
}

static void on_completed(void *context, struct MHD_Connection *connection,
    void **request, enum MHD_RequestTerminationCode code)
{
    struct http_request *r = *request;
    struct http_stream *stream;

    (void)context;
    (void)connection;
    (void)code;
    if (r == NULL)
        return;
    *request = NULL;
    stream = r->stream;
    request_free(r);
    if (stream != NULL) {
        stream->closed(stream->context);
        free(stream);
    }
}

static enum MHD_Result send_answer(struct http_request *r)
{
    enum MHD_Result queued;

    if (r->response == NULL) /* there was no memory for one */
        return MHD_NO;
    queued = MHD_queue_response(r->connection, r->status, r->response);
    MHD_destroy_response(r->response);
    r->response = NULL;
    return queued;
}

static enum MHD_Result take_body(
    struct http_request *r, const char *bytes, size_t len)
{
    char *grown;

    r->body_seen += len;
    if (r->body_seen > DISCARD_MOST)
        return MHD_NO;
    if (r->body_seen > HTTP_BODY_MOST)
        return MHD_YES;
    grown = realloc(r->body, r->body_len + len);
    if (grown == NULL)
        return MHD_NO;
    r->body = grown;
    memcpy(r->body + r->body_len, bytes, len);
    r->body_len += len;
    return MHD_YES;
}

static void too_large(struct http_request *r)
{
    static const char body[] =
        "{\"error\":\"too_large\","
        "\"message\":\"The request is larger than 100 KiB.\"}";

    http_reply(r,
        &(struct http_answer){.status = 413,
            .type = "application/json",
            .body = body,
            .len = sizeof(body) - 1});
}

static enum MHD_Result begin(struct http *http,
    struct MHD_Connection *connection, const char *path, const char *method,
    void **request)
{
    struct http_request *r = request_new(http, connection, path, method);
    const char *length;

    if (r == NULL)
        return MHD_NO;
    *request = r;
    length = http_header(r, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (length == NULL || strtoull(length, NULL, 10) <= DISCARD_MOST)
        return MHD_YES;
    r->handled = true;
    too_large(r);
    return send_answer(r);
}

/* Called for the headers, for each piece of body, at the body's end, and again
 * when a suspended request was resumed to be answered. */
static enum MHD_Result on_request(void *context,
    struct MHD_Connection *connection, const char *url, const char *method,
    const char *version, const char *upload, size_t *upload_len, void **request)
{
    struct http *http = context;
    struct http_request *r = *request;

    (void)version;
    if (http->closing)
        return MHD_NO;
    if (r == NULL)
        return begin(http, connection, url, method, request);
    if (*upload_len > 0) {
        size_t len = *upload_len;

        *upload_len = 0;
        return take_body(r, upload, len);
    }
    if (!r->handled) {
        r->handled = true;
        if (r->body_seen > HTTP_BODY_MOST)
            too_large(r);
        else
            http->handler(http->context, r);
    }
    if (r->status != 0)
        return send_answer(r);
    http_room_suspend(r);
    return MHD_YES;
}

/* --- answers -------------------------------------------------------------- */

static void set_header(
    struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        log_warning("http", "header left out: name=%s", name);
}

void http_room_headers(
    struct MHD_Response *response, const char *type, bool keep)
{
    if (type != NULL)
        set_header(response, "Content-Type", type);
    set_header(response, "Cache-Control", keep ? "no-cache" : "no-store");
    set_header(response, "Content-Security-Policy",
        "default-src 'self'; frame-ancestors 'none'; base-uri 'none';"
        " form-action 'self'; object-src 'none'");
    set_header(response, "Permissions-Policy",
        "camera=(self), microphone=(), geolocation=()");
    set_header(response, "X-Content-Type-Options", "nosniff");
    set_header(response, "X-Frame-Options", "DENY");
    set_header(response, "Referrer-Policy", "no-referrer");
    set_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    set_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

void http_reply(struct http_request *request, const struct http_answer *answer)
{
    request->status = answer->status;
    request->response = MHD_create_response_from_buffer(
        answer->len, (void *)(uintptr_t)answer->body, MHD_RESPMEM_MUST_COPY);
    if (request->response == NULL)
        log_error("http", "no memory for an answer: path=%s", request->path);
    else
        http_room_headers(request->response, answer->type, answer->keep);
    if (request->response != NULL && answer->header_name != NULL)
        set_header(
            request->response, answer->header_name, answer->header_value);
    http_room_resume(request);
}

/* --- the daemon ----------------------------------------------------------- */

static void on_log(void *context, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));

static void on_log(void *context, const char *format, va_list list)
{
    char line[200];

    (void)context;
    (void)vsnprintf(line, sizeof(line), format, list);
    line[strcspn(line, "\r\n")] = '\0';
    log_debug("http", "%s", line);
}

static enum err start(struct http *http, const struct http_options *options)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(options->port)};
    struct MHD_OptionItem tls[HTTP_ROOM_TLS_ITEMS];

    if (inet_pton(AF_INET, options->address, &at.sin_addr) != 1) {
        log_error("http", "not an IPv4 address: %s", options->address);
        return ERR_INVALID;
    }
    http_room_tls(options->tls, tls);
    http->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
            MHD_USE_ERROR_LOG |
            (options->tls != NULL ? (unsigned)MHD_USE_TLS : 0U),
        0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_log,
        http, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&at,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MOST,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MOST,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_ARRAY, tls,
        MHD_OPTION_END);
    if (http->daemon != NULL)
        return ERR_OK;
    log_error("http", "cannot listen on %s:%u: is it taken%s?",
        options->address, options->port,
        options->tls != NULL ? ", or is the key not the certificate's" : "");
    return ERR_DENIED;
}

enum err http_new(
    struct loop *loop, const struct http_options *options, struct http **out)
{
    struct http *http = calloc(1, sizeof(*http));
    const union MHD_DaemonInfo *info;
    enum err e;

    if (http == NULL)
        return ERR_NO_MEMORY;
    http->loop = loop;
    http->handler = options->handler;
    http->context = options->context;
    e = http_room_lists(http, options->tls);
    if (e == ERR_OK)
        e = start(http, options);
    if (e != ERR_OK)
        goto free;
    info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    http->watch =
        loop_watch_start(loop, info->epoll_fd, LOOP_READABLE, on_ready, http);
    if (http->watch == NULL) {
        e = ERR_NO_MEMORY;
        goto free;
    }
    *out = http;
    return ERR_OK;

free:
    http_free(http);
    return e;
}

void http_free(struct http *http)
{
    if (http == NULL)
        return;
    http->closing = true;
    for (struct http_request *r = http->requests; r != NULL; r = r->next)
        http_room_resume(r);
    loop_watch_stop(http->watch);
    loop_timer_cancel(http->timer);
    if (http->daemon != NULL)
        MHD_stop_daemon(http->daemon);
    free(http->lists);
    free(http);
}

uint16_t http_port(const struct http *http)
{
    return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}
