/* owner_file.c */

#include "device/owner_file.h"

#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/file.h"

#define PATH_BYTES 4096

/* What cannot be made is told by the write that follows. */
static void make_folders(const char *path)
{
    char copy[PATH_BYTES], above[PATH_BYTES];
    const char *folder;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    folder = dirname(copy);
    (void)snprintf(above, sizeof(above), "%s", folder);
    (void)mkdir(dirname(above), 0700);
    (void)mkdir(folder, 0700);
}

enum err owner_file_replace(const char *path, const void *bytes, size_t len)
{
    enum err e = file_replace(path, bytes, len);

    if (e != ERR_NOT_FOUND)
        return e;
    make_folders(path);
    return file_replace(path, bytes, len);
}
