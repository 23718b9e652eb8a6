/* files.h - a small text file, whole. */

#ifndef CLOUDD_FILES_H
#define CLOUDD_FILES_H

#include <stddef.h>

#include "core/err.h"

/* Read all of it, at most `most` bytes; the caller frees *text, which ends
 * with a NUL.  ERR_NOT_FOUND: it cannot be read; ERR_TOO_BIG.  Logged. */
enum err files_read(const char *path, size_t most, char **text) MUST_CHECK;

#endif
