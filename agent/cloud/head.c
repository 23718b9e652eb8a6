/* head.c */

#include "cloud/head.h"

#include <string.h>
#include <strings.h>

#define STATUS_AT  9  /* in "HTTP/1.1 200" */
#define STATUS_END 12 /* the shortest status line */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct head_text trim(struct head_text t)
{
    while (t.len > 0 && is_space(t.bytes[0])) {
        t.bytes++;
        t.len--;
    }
    while (t.len > 0 && is_space(t.bytes[t.len - 1]))
        t.len--;
    return t;
}

/* RFC 9110 section 5.5: nothing below a space but a tab, and no DEL. */
static bool is_clean(struct head_text line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.bytes[i];

        if ((c < ' ' && c != '\t') || c == 127)
            return false;
    }
    return true;
}

/* The line at `*rest`, without its end; false: no end has come yet. */
static bool next_line(struct head_text *rest, struct head_text *line)
{
    const char *end =
        rest->len > 0 ? memchr(rest->bytes, '\n', rest->len) : NULL;
    size_t len;

    if (end == NULL)
        return false;
    len = (size_t)(end - rest->bytes);
    *line = (struct head_text){rest->bytes, len};
    if (len > 0 && line->bytes[len - 1] == '\r')
        line->len--;
    rest->bytes += len + 1;
    rest->len -= len + 1;
    return true;
}

static enum err read_status(struct head_text line, struct head *out)
{
    const char *p = line.bytes;

    if (line.len < STATUS_END || memcmp(p, "HTTP/1.", 7) != 0 ||
        (p[7] != '0' && p[7] != '1') || p[8] != ' ' ||
        !is_digit(p[STATUS_AT]) || !is_digit(p[STATUS_AT + 1]) ||
        !is_digit(p[STATUS_AT + 2]) || !is_clean(line) ||
        (line.len > STATUS_END && p[STATUS_END] != ' '))
        return ERR_INVALID;
    out->status = (p[STATUS_AT] - '0') * 100 + (p[STATUS_AT + 1] - '0') * 10 +
        (p[STATUS_AT + 2] - '0');
    out->reason =
        trim((struct head_text){p + STATUS_END, line.len - STATUS_END});
    return out->status >= 100 && out->status < 600 ? ERR_OK : ERR_INVALID;
}

static bool is_field(struct head_text line)
{
    const char *colon = memchr(line.bytes, ':', line.len);

    return colon != NULL && colon != line.bytes && !is_space(line.bytes[0]) &&
        !is_space(colon[-1]) && is_clean(line);
}

enum err head_parse(const char *bytes, size_t len, struct head *out)
{
    struct head_text rest = {bytes, len}, line;
    struct head head = {.status = 0};

    if (!next_line(&rest, &line))
        return len >= HEAD_MOST ? ERR_TOO_BIG : ERR_AGAIN;
    if (read_status(line, &head) != ERR_OK)
        return ERR_INVALID;
    head.fields.bytes = rest.bytes;
    while (next_line(&rest, &line)) {
        head.len = (size_t)(rest.bytes - bytes);
        if (head.len > HEAD_MOST)
            return ERR_TOO_BIG;
        if (line.len == 0) {
            head.fields.len = (size_t)(line.bytes - head.fields.bytes);
            *out = head;
            return ERR_OK;
        }
        if (!is_field(line))
            return ERR_INVALID;
    }
    return len >= HEAD_MOST ? ERR_TOO_BIG : ERR_AGAIN;
}

enum err head_field(
    const struct head *head, const char *name, struct head_text *out)
{
    struct head_text rest = head->fields, line;
    size_t len = strlen(name);
    enum err e = ERR_NOT_FOUND;

    while (next_line(&rest, &line)) {
        if (line.len <= len || line.bytes[len] != ':' ||
            strncasecmp(line.bytes, name, len) != 0)
            continue;
        if (e == ERR_OK)
            return ERR_CONFLICT;
        e = ERR_OK;
        *out =
            trim((struct head_text){line.bytes + len + 1, line.len - len - 1});
    }
    return e;
}

bool head_is(struct head_text text, const char *word)
{
    return text.len == strlen(word) &&
        strncasecmp(text.bytes, word, text.len) == 0;
}

bool head_lists(struct head_text text, const char *word)
{
    while (text.len > 0) {
        const char *comma = memchr(text.bytes, ',', text.len);
        size_t len = comma != NULL ? (size_t)(comma - text.bytes) : text.len;

        if (head_is(trim((struct head_text){text.bytes, len}), word))
            return true;
        len += comma != NULL;
        text.bytes += len;
        text.len -= len;
    }
    return false;
}
