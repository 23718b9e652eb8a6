/* description.h - what the device can do: its W3C Thing Description (TD 1.1).
 *
 * The maker writes a file with `title`, `properties`, `actions`, `events`; the
 * agent adds who the device is and publishes all of it, retained, through the
 * outbox (docs/protocol.md).  It does so when the text is not the one it stored
 * for sending last, and whenever the broker lost our session, since then it may
 * have lost what it retained as well. */

#ifndef DEVICE_DESCRIPTION_H
#define DEVICE_DESCRIPTION_H

#include "cloud/session.h"
#include "core/err.h"
#include "core/json.h"

struct description;

struct description_options {
    struct session *session; /* borrowed for life */
    const char *thing;
    const char *path;   /* the maker's file */
    const char *folder; /* where it is remembered what was sent last */
};

/* Read and check the maker's file alone; errors as below.  The caller frees. */
enum err description_read(const char *path, struct json **out) MUST_CHECK;

/* Read and check the file.  ERR_INVALID, ERR_TOO_BIG (with what is added over
 * the 128 KB of a message), ERR_NOT_FOUND, ERR_DENIED, ERR_IO; file, place and
 * what was expected are logged.  Begin it before the session starts, free it
 * when nothing can come from it any more; after a failure the session must not
 * be started. */
enum err description_new(const struct description_options *options,
    struct description **out) MUST_CHECK;
void description_free(struct description *description); /* NULL is fine */

#endif
