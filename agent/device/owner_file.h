/* owner_file.h - files of ownership, in a folder that may have to be made: the
 * disk may have refused it at the start and take it now. */

#ifndef DEVICE_OWNER_FILE_H
#define DEVICE_OWNER_FILE_H

#include <stddef.h>

#include "core/err.h"

/* As file_replace; folders that are missing (two at most) are made, 0700. */
enum err owner_file_replace(
    const char *path, const void *bytes, size_t len) MUST_CHECK;

#endif
