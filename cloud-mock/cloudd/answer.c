/* answer.c */

#include "cloudd/answer.h"

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

static void print(
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
    print(request, 200, body);
}

void answer_error(struct http_request *request, unsigned status,
    const char *code, const char *message)
{
    struct json *o = json_new_object();

    print(request, status,
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

void answer_nothing(struct http_request *request)
{
    http_reply(request, &(struct http_answer){.status = 204});
}
