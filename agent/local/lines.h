/* lines.h - bytes in, whole lines out.  No socket in it. */

#ifndef LOCAL_LINES_H
#define LOCAL_LINES_H

#include <stddef.h>

#include "core/err.h"

#define LINES_MAX 65536 /* bytes of a line, its newline among them */

struct lines;

struct lines *lines_new(void);    /* NULL: no memory */
void lines_free(struct lines *l); /* NULL is fine */

/* Where the next bytes may be put; *room is at least 1.  Then say how many
 * came.  Every whole line must have been taken before. */
enum err lines_room(struct lines *l, char **room, size_t *size) MUST_CHECK;
void lines_came(struct lines *l, size_t len);

enum lines_next {
    LINES_NONE,    /* no whole line yet */
    LINES_LINE,    /* without "\n" or "\r\n"; on loan until lines_room */
    LINES_TOO_LONG /* one line over LINES_MAX; it is skipped to its end */
};

/* Take the next line; it may be empty. */
enum lines_next lines_take(struct lines *l, const char **line, size_t *len);

/* No more bytes will come: take what stands without a newline, as a line. */
enum lines_next lines_rest(struct lines *l, const char **line, size_t *len);

#endif
