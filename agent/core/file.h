/* file.h - whole small files. */

#ifndef CORE_FILE_H
#define CORE_FILE_H

#include <stddef.h>

#include "core/err.h"

/* Read all of `path` and put a NUL behind it (not counted in *len); the caller
 * calls free(3).  ERR_NOT_FOUND, ERR_DENIED, ERR_TOO_BIG (over `limit` bytes),
 * ERR_IO (also for a folder); errno keeps the system's reason. */
enum err file_read(
    const char *path, size_t limit, char **bytes, size_t *len) MUST_CHECK;

/* Put `len` bytes in the place of `path`, mode 0600: after a power cut the old
 * or the new content is there, never a mixture.  ERR_DENIED, ERR_IO; errno
 * keeps the system's reason. */
enum err file_replace(
    const char *path, const void *bytes, size_t len) MUST_CHECK;

/* Flush a folder: only then a name that is new in it, or gone, stays so.
 * ERR_NOT_FOUND, ERR_DENIED, ERR_IO; errno keeps the system's reason. */
enum err file_sync_folder(const char *path) MUST_CHECK;

#endif
