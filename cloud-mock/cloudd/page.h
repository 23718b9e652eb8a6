/* page.h - the files of the page, listed and read once: a request is compared
 * with that list and can name nothing else. */

#ifndef CLOUDD_PAGE_H
#define CLOUDD_PAGE_H

#include <stddef.h>

#include "core/err.h"

#define PAGE_FILES_MOST 64
#define PAGE_FILE_MOST  (256 * 1024) /* bytes */

struct page;

struct page_file {
    char path[72];    /* in the URL: "/app.js", "/" for index.html */
    const char *type; /* Content-Type */
    char *bytes;
    size_t len;
};

/* Take every .html, .css, .js and .svg file of `folder` that is not hidden.
 * ERR_NOT_FOUND: no folder, or no index.html in it; ERR_TOO_BIG.  Logged. */
enum err page_open(const char *folder, struct page **out) MUST_CHECK;
void page_close(struct page *page); /* NULL is fine */

/* The file behind a URL path, lent; NULL: there is none. */
const struct page_file *page_find(const struct page *page, const char *path);

#endif
