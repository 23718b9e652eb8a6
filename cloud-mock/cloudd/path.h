/* path.h - topics and URL paths against patterns with '+' for one level. */

#ifndef CLOUDD_PATH_H
#define CLOUDD_PATH_H

#include <stdbool.h>

#define PATH_PARTS     2
#define PATH_PART_SIZE 256

/* What stood where the pattern has its first and second '+'. */
struct path_parts {
    char part[PATH_PARTS][PATH_PART_SIZE];
};

/* Levels are split at '/'; '+' takes one level of 1 to 255 bytes.  *parts is
 * undefined when false. */
bool path_match(
    const char *path, const char *pattern, struct path_parts *parts);

#endif
