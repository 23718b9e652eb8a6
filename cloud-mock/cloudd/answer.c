/* answer.c */

#include "cloudd/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"

static void send(
    struct http_request *request, unsigned status, const char *text)
{
    http_reply(request,
        &(struct http_answer){.status = status,
            .type = "application/json",
            .body = text,
            .len = strlen(text)});
}

void answer_with(
    struct http_request *request, unsigned status, struct json *body)
{
    char *text = body != NULL ? json_print(body) : NULL;

    json_free(body);
    if (text != NULL)
        send(request, status, text);
    else
        send(request, 500,
            "{\"error\":\"internal\","
            "\"message\":\"cloudd is out of memory. Try again.\"}");
    free(text);
}

void answer_json(struct http_request *request, struct json *body)
{
    answer_with(request, 200, body);
}

void answer_error(struct http_request *request, unsigned status,
    const char *code, const char *message)
{
    struct json *o = json_new_object();

    answer_with(request, status,
        fields_end(o,
            fields_text(o, "error", code) &&
                fields_text(o, "message", message)));
}

void answer_failure(struct http_request *request, enum err e)
{
    if (e == ERR_AGAIN)
        answer_error(request, 503, "broker_away",
            "The broker does not answer. Try again in a few seconds.");
    else
        answer_error(request, 500, "internal",
            "cloudd could not do this; its log says why. Try again.");
}

void answer_later(struct http_request *request, int64_t wait_ms,
    const char *code, const char *message)
{
    struct json *o = json_new_object();
    char seconds[24], *text;

    (void)snprintf(
        seconds, sizeof(seconds), "%lld", (long long)(wait_ms + 999) / 1000);
    o = fields_end(
        o, fields_text(o, "error", code) && fields_text(o, "message", message));
    text = o != NULL ? json_print(o) : NULL;
    json_free(o);
    if (text == NULL) {
        answer_failure(request, ERR_NO_MEMORY);
        return;
    }
    http_reply(request,
        &(struct http_answer){.status = 429,
            .type = "application/json",
            .body = text,
            .len = strlen(text),
            .header_name = "Retry-After",
            .header_value = seconds});
    free(text);
}

struct json *answer_read(struct http_request *request, const char *expected)
{
    size_t len;
    const char *body = http_body(request, &len);
    struct json *json = NULL;
    char message[200];

    if (body != NULL &&
        json_parse(body, len, (struct json_limits){HTTP_BODY_MOST, 20},
            &json) == ERR_OK &&
        json_is_object(json))
        return json;
    json_free(json);
    (void)snprintf(message, sizeof(message), "Expected %s.", expected);
    answer_error(request, 400, "invalid", message);
    return NULL;
}

void answer_nothing(struct http_request *request)
{
    http_reply(request, &(struct http_answer){.status = 204});
}
