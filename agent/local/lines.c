/* lines.c - what has come and is not taken lies in bytes[start..end).  The
 * buffer grows up to LINES_MAX; a line that does not fit is skipped. */

#include "local/lines.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096

struct lines {
    char *bytes;
    size_t size, start, end;
    size_t seen;   /* bytes from start that hold no newline, for certain */
    bool skipping; /* until the newline of a line that was too long */
};

struct lines *lines_new(void)
{
    return calloc(1, sizeof(struct lines));
}

void lines_free(struct lines *l)
{
    if (l == NULL)
        return;
    free(l->bytes);
    free(l);
}

enum err lines_room(struct lines *l, char **room, size_t *size)
{
    if (l->start > 0)
        memmove(l->bytes, l->bytes + l->start, l->end - l->start);
    l->end -= l->start;
    l->start = 0;
    if (l->end == l->size) {
        size_t more = l->size == 0 ? FIRST_SIZE : l->size * 4;
        char *grown = realloc(l->bytes, more);

        if (grown == NULL)
            return ERR_NO_MEMORY;
        l->bytes = grown;
        l->size = more;
    }
    *room = l->bytes + l->end;
    *size = l->size - l->end;
    return ERR_OK;
}

void lines_came(struct lines *l, size_t len)
{
    l->end += len;
}

/* Forget `len` bytes from the front. */
static void drop(struct lines *l, size_t len)
{
    l->start += len;
    l->seen = 0;
}

static enum lines_next give(
    struct lines *l, size_t taken, const char **line, size_t *len)
{
    const char *start = l->bytes + l->start;
    size_t n = taken;

    drop(l, taken);
    if (n > 0 && start[n - 1] == '\n')
        n--;
    if (n > 0 && start[n - 1] == '\r')
        n--;
    *line = start;
    *len = n;
    return LINES_LINE;
}

enum lines_next lines_take(struct lines *l, const char **line, size_t *len)
{
    for (;;) {
        size_t have = l->end - l->start;
        const char *newline = have == l->seen
            ? NULL
            : memchr(l->bytes + l->start + l->seen, '\n', have - l->seen);

        if (newline != NULL) {
            size_t taken = (size_t)(newline - (l->bytes + l->start)) + 1;

            if (!l->skipping)
                return give(l, taken, line, len);
            drop(l, taken);
            l->skipping = false;
            continue;
        }
        l->seen = have;
        if (l->skipping)
            drop(l, have);
        if (have < LINES_MAX || l->skipping)
            return LINES_NONE;
        drop(l, have);
        l->skipping = true;
        return LINES_TOO_LONG;
    }
}

enum lines_next lines_rest(struct lines *l, const char **line, size_t *len)
{
    enum lines_next next = lines_take(l, line, len);

    if (next != LINES_NONE || l->end == l->start)
        return next;
    return give(l, l->end - l->start, line, len);
}
