/* file.c */

#include "core/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_BYTES 4096

static enum err from_errno(void)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return ERR_NOT_FOUND;
    return errno == EACCES || errno == EPERM ? ERR_DENIED : ERR_IO;
}

enum err file_read(const char *path, size_t limit, char **bytes, size_t *len)
{
    FILE *f = fopen(path, "re");
    char *buffer;
    size_t got;
    enum err e = ERR_OK;

    if (f == NULL)
        return from_errno();
    buffer = malloc(limit + 2);
    if (buffer == NULL) {
        e = ERR_NO_MEMORY;
        goto close_file;
    }
    got = fread(buffer, 1, limit + 1, f);
    if (ferror(f)) {
        e = from_errno();
        goto free_buffer;
    }
    if (got > limit) {
        e = ERR_TOO_BIG;
        goto free_buffer;
    }
    buffer[got] = '\0';
    *bytes = buffer;
    *len = got;
    buffer = NULL;

free_buffer:
    free(buffer);
close_file:
    (void)fclose(f);
    return e;
}

static enum err write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, bytes, len);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return from_errno();
        bytes += done;
        len -= (size_t)done;
    }
    return fsync(fd) == 0 ? ERR_OK : from_errno();
}

enum err file_sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e;

    if (fd < 0)
        return from_errno();
    e = fsync(fd) == 0 ? ERR_OK : from_errno();
    (void)close(fd);
    return e;
}

enum err file_replace(const char *path, const void *bytes, size_t len)
{
    char temporary[PATH_BYTES], folder[PATH_BYTES];
    enum err e;
    int fd;

    if (snprintf(temporary, sizeof(temporary), "%s.new", path) >=
        (int)sizeof(temporary))
        return ERR_TOO_BIG;
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return from_errno();
    e = write_all(fd, bytes, len);
    if (close(fd) != 0 && e == ERR_OK)
        e = from_errno();
    if (e == ERR_OK && rename(temporary, path) != 0)
        e = from_errno();
    if (e != ERR_OK) {
        int why = errno;

        (void)unlink(temporary);
        errno = why;
        return e;
    }
    (void)snprintf(folder, sizeof(folder), "%s", path);
    return file_sync_folder(dirname(folder));
}
