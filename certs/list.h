/* list.h - the devices that a batch is to issue: a file of lines
 * "model,serial" or "model,serial,request".
 *
 * Blank lines, lines that begin with '#' and a first line "model,serial[,csr]"
 * are passed over.  A request's path is relative to the list's folder. */

#ifndef CERTS_LIST_H
#define CERTS_LIST_H

#include "certs/disk.h"
#include "core/err.h"

#define LIST_LIMIT (64 << 20) /* bytes */

struct list_line {
    size_t number; /* in the file, from 1 */
    const char *model;
    const char *serial;
    const char *request; /* NULL: none; as it stands in the file */
    const char *fault;   /* NULL: fine; else why it cannot be used */
    size_t repeats;      /* the number of the line that says the same, or 0 */
};

struct list {
    struct bytes text; /* which the lines are lent from */
    struct list_line *lines;
    size_t count;
};

/* Failures to read are said; faults of single lines are in the lines. */
enum err list_read(const char *path, struct list *out) MUST_CHECK;
void list_free(struct list *list);

/* Where a line's request is. */
void list_request_path(const char *list_path, const struct list_line *line,
    char out[DISK_PATH_SIZE]);

#endif
