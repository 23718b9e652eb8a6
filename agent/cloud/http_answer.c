/* http_answer.c - the peer's words, each kind within its limit. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cloud/http_inside.h"

#define HEADERS_BYTES 32768 /* of one answer; proxies allow 8 to 32 kB */
#define FIRST_BYTES   4096  /* of a body without a length */

void http_answer_begin(struct http_answer *answer, size_t limit)
{
    static const char *const names[HTTP_HEADERS] = {"ETag", "Last-Modified",
        "Retry-After", "Content-Type", "Content-Encoding"};

    http_answer_free(answer);
    *answer = (struct http_answer){.limit = limit};
    for (size_t i = 0; i < HTTP_HEADERS; i++)
        answer->headers[i].name = names[i];
}

void http_answer_free(struct http_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_text(const char *value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)value[i] < ' ' && value[i] != '\t')
            return false;
    return true;
}

/* A value too long for us, or one that we could not send back in a header of
 * ours, counts as absent. */
static void keep(struct http_header *header, const char *value, size_t len)
{
    while (len > 0 && is_space(*value)) {
        value++;
        len--;
    }
    while (len > 0 && is_space(value[len - 1]))
        len--;
    header->is_there = len < sizeof(header->value) && is_text(value, len);
    if (!header->is_there)
        return;
    memcpy(header->value, value, len);
    header->value[len] = '\0';
}

size_t http_answer_on_header(char *line, size_t one, size_t len, void *context)
{
    struct http_answer *answer = context;

    (void)one; /* is 1 */
    answer->header_bytes += len;
    if (answer->header_bytes > HEADERS_BYTES) {
        answer->is_too_big = true;
        return CURL_WRITEFUNC_ERROR;
    }
    /* Another answer begins: the one before was a 100 (RFC 9110 15.2). */
    if (len > 5 && strncmp(line, "HTTP/", 5) == 0)
        for (size_t i = 0; i < HTTP_HEADERS; i++)
            answer->headers[i].is_there = false;
    for (size_t i = 0; i < HTTP_HEADERS; i++) {
        struct http_header *header = &answer->headers[i];
        size_t name = strlen(header->name);

        if (len > name && line[name] == ':' &&
            strncasecmp(line, header->name, name) == 0)
            keep(header, line + name + 1, len - name - 1);
    }
    return len;
}

static bool make_room(struct http_answer *answer, size_t more)
{
    size_t size = answer->size > 0 ? answer->size : FIRST_BYTES;
    char *body;

    while (size < answer->len + more + 1)
        size *= 2;
    if (size == answer->size)
        return true;
    body = realloc(answer->body, size);
    if (body == NULL)
        return false;
    answer->body = body;
    answer->size = size;
    return true;
}

size_t http_answer_on_body(char *bytes, size_t one, size_t len, void *context)
{
    struct http_answer *answer = context;

    (void)one; /* is 1 */
    if (len > answer->limit - answer->len) {
        answer->is_too_big = true;
        return CURL_WRITEFUNC_ERROR;
    }
    if (!make_room(answer, len)) {
        answer->is_out_of_memory = true;
        return CURL_WRITEFUNC_ERROR;
    }
    memcpy(answer->body + answer->len, bytes, len);
    answer->len += len;
    answer->body[answer->len] = '\0';
    return len;
}
