/* log_line.c */

#include "cloud-mock/broker/log_line.h"

#include <string.h>

bool log_line_skip(struct text *text, const char *words)
{
    size_t len = strlen(words);

    if (text->len < len || memcmp(text->p, words, len) != 0)
        return false;
    text->p += len;
    text->len -= len;
    return true;
}

static void skip_stamp(struct text *line)
{
    struct text rest = *line;

    while (rest.len > 0 && rest.p[0] >= '0' && rest.p[0] <= '9') {
        rest.p++;
        rest.len--;
    }
    if (log_line_skip(&rest, ": "))
        *line = rest;
}

bool log_line_next(struct text *log, struct text *line)
{
    const char *end;

    if (log->len == 0)
        return false;
    end = memchr(log->p, '\n', log->len);
    *line =
        (struct text){log->p, end == NULL ? log->len : (size_t)(end - log->p)};
    log->p += line->len;
    log->len -= line->len;
    (void)log_line_skip(log, "\n");
    skip_stamp(line);
    return true;
}
