/* jobs_document.h - what a job asks for: handlers, one after the other.
 *
 * Source: the job document "schema 1.0" of the AWS IoT Device Client, of which
 * only `runHandler` is known.  A handler is a file's name in the maker's
 * folder; nothing else of a document is ever run.  Pure. */

#ifndef DEVICE_JOBS_DOCUMENT_H
#define DEVICE_JOBS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/json.h"

#define JOBS_STEPS_MOST   32
#define JOBS_ARGS_MOST    32
#define JOBS_HANDLER_MOST 64  /* bytes of a handler's name */
#define JOBS_WORDS        129 /* of a detail that is reported, with its NUL */

struct jobs_step {
    const char *name; /* for people */
    const char *handler;
    const char *user; /* "": it names none; a handler's first argument */
    const char *args[JOBS_ARGS_MOST];
    size_t arg_count;
    bool may_fail;
};

struct jobs_document;

/* `document` is copied.  ERR_INVALID: `why` says what was expected, where. */
enum err jobs_document_read(const struct json *document, char why[JOBS_WORDS],
    struct jobs_document **out) MUST_CHECK;
void jobs_document_free(struct jobs_document *document); /* NULL is fine */

/* At least one; the final one is the last. */
size_t jobs_document_count(const struct jobs_document *document);
const struct jobs_step *jobs_document_step(
    const struct jobs_document *document, size_t index);

#endif
