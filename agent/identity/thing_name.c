/* thing_name.c - the parts are written behind one another into a buffer that
 * is copied out only when all of it fitted. */

#include "identity/thing_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct writer {
    char text[THING_NAME_SIZE];
    size_t len;
    enum err error; /* the first one */
};

/* By hand: isalnum(3) depends on the locale. */
static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool stays(char c)
{
    return is_upper(c) || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
        c == '-';
}

static void put(struct writer *w, char c)
{
    if (w->len == THING_NAME_MAX)
        w->error = w->error == ERR_OK ? ERR_TOO_BIG : w->error;
    else
        w->text[w->len++] = c;
}

static void put_escaped(struct writer *w, char c)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)c;

    put(w, '_');
    put(w, digits[byte >> 4]);
    put(w, digits[byte & 15]);
}

static void put_part(struct writer *w, const char *part, bool fold)
{
    if (part == NULL || *part == '\0') {
        w->error = ERR_INVALID;
        return;
    }
    for (; *part != '\0' && w->error == ERR_OK; part++) {
        if (fold && is_upper(*part))
            put(w, (char)(*part - 'A' + 'a'));
        else if (stays(*part))
            put(w, *part);
        else
            put_escaped(w, *part);
    }
}

static enum err finish(const struct writer *w, char out[THING_NAME_SIZE])
{
    if (w->error != ERR_OK)
        return w->error;
    memcpy(out, w->text, w->len);
    out[w->len] = '\0';
    return ERR_OK;
}

enum err thing_name_make(
    const struct thing_name_parts *parts, char name[THING_NAME_SIZE])
{
    struct writer w = {.len = 0};

    put_part(&w, parts->vendor, true);
    put(&w, ':');
    put_part(&w, parts->model, true);
    put(&w, ':');
    put_part(&w, parts->serial, false);
    return finish(&w, name);
}

enum err thing_name_type(
    const struct thing_name_parts *parts, char type[THING_NAME_SIZE])
{
    struct writer w = {.len = 0};

    put_part(&w, parts->vendor, true);
    put(&w, ':');
    put_part(&w, parts->model, true);
    return finish(&w, type);
}

enum err thing_name_part(const char *part, char mapped[THING_NAME_SIZE])
{
    struct writer w = {.len = 0};

    put_part(&w, part, false);
    return finish(&w, mapped);
}
