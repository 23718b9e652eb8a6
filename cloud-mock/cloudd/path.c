/* path.c */

#include "cloudd/path.h"

#include <stddef.h>
#include <string.h>

bool path_match(const char *path, const char *pattern, struct path_parts *parts)
{
    size_t taken = 0;

    while (*pattern != '\0') {
        size_t len = strcspn(path, "/");

        if (*pattern != '+') {
            if (*path++ != *pattern++)
                return false;
            continue;
        }
        if (len == 0 || len >= PATH_PART_SIZE || taken == PATH_PARTS)
            return false;
        memcpy(parts->part[taken], path, len);
        parts->part[taken++][len] = '\0';
        path += len;
        pattern++;
    }
    return *path == '\0';
}
