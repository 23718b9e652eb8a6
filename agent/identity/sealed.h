/* sealed.h - small files that only this agent can have written.
 *
 * Sealed with AES-256-GCM under a key derived from 32 random bytes of this
 * device (a file of its own, 0600).  A file that was changed, or written by
 * another device or for another purpose, does not open.  Who can read the
 * secret, root or the agent's own user, is not kept out. */

#ifndef IDENTITY_SEALED_H
#define IDENTITY_SEALED_H

#include <stddef.h>

#include "core/err.h"

#define SEALED_LABEL 32
#define SEALED_MOST  65536 /* the most bytes in one file */

struct sealer;

/* Read the secret at `path`, or make it.  A secret of the wrong size is made
 * anew (warned): what was sealed with it opens no more.  ERR_IO, ERR_DENIED. */
enum err sealer_new(const char *path, struct sealer **out) MUST_CHECK;
void sealer_free(struct sealer *sealer); /* wipes; NULL is fine */

struct sealed {
    const char *path;
    unsigned char label[SEALED_LABEL]; /* what it is for: a hash */
};

/* Put `len` bytes in the file's place.  Errors as file_replace; ERR_TOO_BIG. */
enum err sealer_write(const struct sealer *sealer, const struct sealed *file,
    const void *bytes, size_t len) MUST_CHECK;

/* The caller frees.  ERR_NOT_FOUND; ERR_CONFLICT: it is for another purpose;
 * ERR_DENIED: it was changed, or another device wrote it. */
enum err sealer_read(const struct sealer *sealer, const struct sealed *file,
    unsigned char **bytes, size_t *len) MUST_CHECK;

#endif
