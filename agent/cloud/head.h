/* head.h - the head of an HTTP/1.1 answer (RFC 9112 section 4), for those who
 * want no more of HTTP than that: proxies and WebSockets. */

#ifndef CLOUD_HEAD_H
#define CLOUD_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

#define HEAD_MOST 8192 /* the longest that is read */

/* Lent from the bytes that were parsed; no NUL behind it. */
struct head_text {
    const char *bytes;
    size_t len;
};

struct head {
    int status;              /* 100 to 599 */
    size_t len;              /* with the empty line at its end */
    struct head_text reason; /* what the server calls the status; may be "" */
    struct head_text fields;
};

/* ERR_AGAIN: it is not whole yet; ERR_TOO_BIG: it never will be, after so many
 * bytes; ERR_INVALID: not HTTP/1.0 or 1.1, a line folded or without a colon, a
 * control character. */
enum err head_parse(const char *bytes, size_t len, struct head *out) MUST_CHECK;

/* The value, without white space around it.  ERR_NOT_FOUND; ERR_CONFLICT: the
 * field is there more than once. */
enum err head_field(const struct head *head, const char *name,
    struct head_text *out) MUST_CHECK;

/* Is it this word, whatever the case?  ... or is the word one of a list? */
bool head_is(struct head_text text, const char *word);
bool head_lists(struct head_text text, const char *word);

#endif
