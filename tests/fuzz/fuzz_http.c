/* What a server says, as libcurl hands it to us: header lines, a body, and
 * where it wants us to go.  Lines are divided at '\n'; the first byte is the
 * body's limit. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/http_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_header(const struct http_header *h)
{
    size_t n = strnlen(h->value, sizeof(h->value));

    if (n == sizeof(h->value))
        abort();
    if (n > 0 &&
        (strchr(" \t\r\n", h->value[0]) != NULL ||
            strchr(" \t\r\n", h->value[n - 1]) != NULL))
        abort();
    for (size_t i = 0; i < n; i++) /* it may come back in a header of ours */
        if (h->value[i] == '\r' || h->value[i] == '\n')
            abort();
}

/* A URL without its user goes where it went, and is accepted as it was. */
static void check_url(const char *url)
{
    struct http_place before, after;
    char *bare = http_without_user(url);
    enum err e = http_place_of(url, &before);

    if (e == ERR_OK) {
        if (bare == NULL || http_place_of(bare, &after) != ERR_OK ||
            strcmp(before.host, after.host) != 0 ||
            strcmp(before.port, after.port) != 0 ||
            before.is_https != after.is_https)
            abort();
        if (before.host[0] == '\0' || strpbrk(before.host, "@/[] \n") != NULL)
            abort();
#ifdef PLANT_A_FAULT /* test_http proves that it would be found */
        if (strcmp(before.port, "4711") == 0)
            abort();
#endif
    }
    free(bare);
}

static size_t next_line(const uint8_t *bytes, size_t len)
{
    const uint8_t *end = memchr(bytes, '\n', len);

    return end != NULL ? (size_t)(end - bytes) + 1 : len;
}

static void hear_line(
    struct http_answer *answer, const uint8_t *bytes, size_t len)
{
    char *line = malloc(len + 1);

    if (line == NULL)
        abort();
    memcpy(line, bytes, len);
    line[len] = '\0';
    (void)http_answer_on_header(line, 1, len, answer);
    (void)http_answer_on_body(line, 1, len, answer);
    line[strcspn(line, "\n")] = '\0';
    check_url(line);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct http_answer answer = {0};

    if (len == 0)
        return 0;
    http_answer_begin(&answer, bytes[0]);
    for (size_t at = 1; at < len;) {
        size_t line = next_line(bytes + at, len - at);

        hear_line(&answer, bytes + at, line);
        at += line;
    }
    for (size_t i = 0; i < HTTP_HEADERS; i++)
        if (answer.headers[i].is_there)
            check_header(&answer.headers[i]);
    if (answer.len > bytes[0] ||
        (answer.body != NULL && answer.body[answer.len] != '\0'))
        abort();
    http_answer_free(&answer);
    return 0;
}
