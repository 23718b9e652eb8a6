/* est.c */

#include "cloud/est.h"

#include <stdio.h>
#include <stdlib.h>

#include "cloud/http.h"
#include "identity/base64.h"
#include "ports/port.h"

#define URL_BYTES   1024
#define LIMIT_BYTES 131072 /* of an answer: 32 certificates are half of it */
#define TIMEOUT_MS  60000
#define CONNECT_MS  20000
#define STALL_MS    30000

struct est {
    struct http *http;
    enum est_operation operation;
    struct est_events events;
};

static void on_ended(void *context, const struct http_end *http)
{
    struct est *est = context;
    struct est_events events = est->events;
    struct est_reading reading = {.outcome = EST_UNREACHED};
    const struct est_reply reply = {
        .status = http->status,
        .content_type = http->content_type,
        .retry_after = http->retry_after,
        .body = {(const unsigned char *)http->body, http->len},
        .now_s = port_wall_ms() / 1000
    };
    const struct est_end end = {&reading, http_reason_name(http->reason)};

    if (http->reason == HTTP_ANSWERED)
        est_answer_read(est->operation, &reply, &reading);
    else
        (void)snprintf(
            reading.words, sizeof(reading.words), "%s", http->detail);
    free(est);
    events.ended(events.context, &end);
    bytes_free(&reading.der);
}

static void use_proxy(
    struct http_options *http, const struct proxy *proxy, char *door)
{
    if (proxy == NULL)
        return;
    proxy_print(proxy, door);
    http->proxy = door;
    if (proxy->user[0] != '\0') {
        http->proxy_user = proxy->user;
        http->proxy_password = proxy->password;
    }
}

/* The old header too (RFC 8951 section 3.1 has it ignored): servers that were
 * written before that look for it. */
static enum err start(struct loop *loop, const struct est_options *options,
    const char *url, const struct bytes *body, struct est *est)
{
    static const char *const headers[] = {"Content-Type: application/pkcs10",
        "Content-Transfer-Encoding: base64", NULL};
    bool enrols =
        est->operation == EST_ENROLL || est->operation == EST_REENROLL;
    char door[PROXY_TEXT];
    struct http_options http = {.url = url,
        .method = enrols ? HTTP_POST : HTTP_GET,
        .headers = enrols ? headers : NULL,
        .body = body->at,
        .body_len = body->len,
        .user = options->user,
        .password = options->password,
        .trust = options->trust,
        .chain = options->chain,
        .key = options->key,
        .limit_bytes = LIMIT_BYTES,
        .timeout_ms = TIMEOUT_MS,
        .connect_ms = CONNECT_MS,
        .stall_ms = STALL_MS};

    use_proxy(&http, options->proxy, door);
    return http_start(
        loop, &http, &(struct http_events){on_ended, est}, &est->http);
}

enum err est_ask(struct loop *loop, const struct est_options *options,
    enum est_operation operation, struct span request,
    const struct est_events *events, struct est **out)
{
    struct est *est = calloc(1, sizeof(*est));
    struct bytes body = {NULL, 0};
    char url[URL_BYTES];
    enum err e;

    if (est == NULL)
        return ERR_NO_MEMORY;
    est->operation = operation;
    est->events = *events;
    e = est_url(options->url, options->label, operation, url, sizeof(url));
    if (e == ERR_OK && request.len > 0)
        e = base64_write(request, &body);
    if (e == ERR_OK)
        e = start(loop, options, url, &body, est);
    bytes_free(&body);
    if (e != ERR_OK) {
        free(est);
        return e;
    }
    *out = est;
    return ERR_OK;
}

void est_cancel(struct est *est)
{
    if (est == NULL)
        return;
    http_cancel(est->http);
    free(est);
}
