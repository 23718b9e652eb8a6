/* est_answer.c - base64 as in PEM, without its first and last line. */

#include "cloudd/est_answer.h"

#include <stdio.h>
#include <string.h>

#include "certs/certs_only.h"
#include "identity/pem.h"

#define LABEL "X"
#define TYPE  "text/plain; charset=utf-8"

void est_answer_words(
    struct http_request *request, unsigned status, const char *words)
{
    bool wants_credentials = status == 401;

    http_reply(request,
        &(struct http_answer){.status = status,
            .type = TYPE,
            .body = words,
            .len = strlen(words),
            .header_name = wants_credentials ? "WWW-Authenticate" : NULL,
            .header_value = "Basic realm=\"EST\", charset=\"UTF-8\""});
}

void est_answer_later(struct http_request *request, unsigned status,
    int64_t wait_ms, const char *words)
{
    char seconds[24];

    (void)snprintf(
        seconds, sizeof(seconds), "%lld", (long long)((wait_ms + 999) / 1000));
    http_reply(request,
        &(struct http_answer){.status = status,
            .type = TYPE,
            .body = words,
            .len = strlen(words),
            .header_name = "Retry-After",
            .header_value = seconds});
}

void est_answer_der(
    struct http_request *request, const char *type, struct span der)
{
    struct bytes pem = {NULL, 0};
    const char *text, *last;

    if (pem_write(LABEL, der, &pem) != ERR_OK) {
        est_answer_words(request, 500, "The server is out of memory.\n");
        return;
    }
    text = strchr((const char *)pem.at, '\n') + 1;
    last = strstr(text, "-----END");
    /* RFC 8951: the header says nothing, but some old clients look for it. */
    http_reply(request,
        &(struct http_answer){.status = 200,
            .type = type,
            .body = text,
            .len = (size_t)(last - text),
            .header_name = "Content-Transfer-Encoding",
            .header_value = "base64"});
    bytes_free(&pem);
}

void est_answer_certificates(
    struct http_request *request, const char *type, struct span certificate)
{
    struct bytes message = {NULL, 0};

    if (certs_only_write(&certificate, 1, &message) == ERR_OK)
        est_answer_der(request, type, bytes_span(&message));
    else
        est_answer_words(request, 500, "The server is out of memory.\n");
    bytes_free(&message);
}
