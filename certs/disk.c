/* disk.c */

#include "certs/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "certs/say.h"
#include "ports/port.h"

#define STAGE_PREFIX ".new-" /* what a killed process may leave */
#define LOCK_TRIES   300
#define LOCK_WAIT_NS 100000000 /* 0.1 s */

/* Say which operation failed on which path, and why. */
static enum err fail(const char *what, const char *path)
{
    int why = errno;

    switch (why) {
    case ENOENT:
    case ENOTDIR:
        say("%s %s: %s; is the path right?", what, path, strerror(why));
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        say("%s %s: %s; run as the owner of the folder", what, path,
            strerror(why));
        return ERR_DENIED;
    case ENOSPC:
    case EDQUOT:
        say("%s %s: %s; make room, then try again", what, path, strerror(why));
        return ERR_IO;
    case ENOMEM:
        return say_no_memory();
    default:
        say("%s %s: %s; look at the disk", what, path, strerror(why));
        return ERR_IO;
    }
}

void disk_path(char out[DISK_PATH_SIZE], const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(out, DISK_PATH_SIZE, format, arguments);
    va_end(arguments);
    if (len < 0 || len >= DISK_PATH_SIZE)
        out[0] = '\0'; /* no such file, rather than another one */
}

bool disk_exists(const char *path)
{
    struct stat s;

    return lstat(path, &s) == 0;
}

bool disk_is_private(const char *path)
{
    struct stat s;

    return stat(path, &s) != 0 || (s.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* Read to the end; a short read is no end. */
static ssize_t read_all(int fd, unsigned char *buffer, size_t size)
{
    size_t len = 0;
    ssize_t got;

    while (len < size) {
        got = read(fd, buffer + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

enum err disk_read(const char *path, size_t limit, struct bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    unsigned char *buffer;
    ssize_t len;
    enum err e = ERR_OK;

    if (fd < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : fail("cannot open", path);
    buffer = malloc(limit + 1);
    if (buffer == NULL) {
        e = say_no_memory();
        goto close_file;
    }
    len = read_all(fd, buffer, limit + 1);
    if (len < 0) {
        e = fail("cannot read", path);
    } else if ((size_t)len > limit) {
        say("cannot read %s: it is larger than %zu bytes; is it the right"
            " file?",
            path, limit);
        e = ERR_TOO_BIG;
    }
    if (e != ERR_OK) {
        free(buffer);
        goto close_file;
    }
    buffer[len] = '\0';
    *out = (struct bytes){buffer, (size_t)len};

close_file:
    (void)close(fd);
    return e;
}

static bool write_all(int fd, struct span content)
{
    while (content.len > 0) {
        ssize_t put = write(fd, content.at, content.len);

        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        content.at += put;
        content.len -= (size_t)put;
    }
    return true;
}

/* Make a file that is not there yet; its bytes are on disk afterwards. */
static enum err write_new(const char *path, struct span content, mode_t mode)
{
    int fd = open(path,
        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode);
    enum err e;

    if (fd < 0)
        return fail("cannot create", path);
    if (write_all(fd, content) && fsync(fd) == 0) {
        (void)close(fd);
        return ERR_OK;
    }
    e = fail("cannot write", path);
    (void)close(fd);
    return e;
}

/* Flush the names in a folder. */
static enum err flush_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err e = ERR_OK;

    if (fd < 0)
        return fail("cannot open", path);
    if (fsync(fd) != 0)
        e = fail("cannot flush", path);
    (void)close(fd);
    return e;
}

/* Flush the name of `path` in the folder that holds it. */
static enum err flush_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[DISK_PATH_SIZE];

    if (slash == NULL)
        return flush_folder(".");
    disk_path(folder, "%.*s", (int)(slash - path + 1), path);
    return flush_folder(folder);
}

static enum err random_name(char out[17])
{
    unsigned char bytes[8];

    if (port_random(bytes, sizeof(bytes)) != ERR_OK) {
        say("no random numbers from the system; nothing was changed");
        return ERR_IO;
    }
    for (size_t i = 0; i < sizeof(bytes); i++)
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return ERR_OK;
}

enum err disk_write(
    const char *staging, const char *path, struct span content, mode_t mode)
{
    char name[17], temporary[DISK_PATH_SIZE];
    enum err e = random_name(name);

    if (e != ERR_OK)
        return e;
    disk_path(temporary, "%s/" STAGE_PREFIX "%s", staging, name);
    e = write_new(temporary, content, mode);
    if (e == ERR_OK && rename(temporary, path) != 0)
        e = fail("cannot rename to", path);
    if (e != ERR_OK) {
        (void)unlink(temporary);
        return e;
    }
    return flush_name(path);
}

enum err disk_make_folder(const char *path)
{
    if (mkdir(path, 0700) == 0)
        return flush_name(path);
    return errno == EEXIST ? ERR_OK : fail("cannot make folder", path);
}

enum err disk_stage(const char *parent, char stage[DISK_PATH_SIZE])
{
    char name[17];
    enum err e = random_name(name);

    if (e != ERR_OK)
        return e;
    disk_path(stage, "%s/" STAGE_PREFIX "%s", parent, name);
    return mkdir(stage, 0700) == 0 ? ERR_OK : fail("cannot make folder", stage);
}

enum err disk_stage_file(
    const char *stage, const char *name, struct span content, mode_t mode)
{
    char path[DISK_PATH_SIZE];

    disk_path(path, "%s/%s", stage, name);
    return write_new(path, content, mode);
}

enum err disk_publish(const char *stage, const char *path)
{
    enum err e = flush_folder(stage);

    if (e != ERR_OK)
        return e;
    if (rename(stage, path) != 0)
        return errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR
            ? ERR_EXISTS
            : fail("cannot rename to", path);
    return flush_name(path);
}

void disk_discard(const char *stage)
{
    DIR *folder = opendir(stage);
    struct dirent *entry;

    if (folder == NULL) {
        (void)unlink(stage); /* what a killed disk_write left */
        return;
    }
    while ((entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    (void)closedir(folder);
    (void)rmdir(stage);
}

enum err disk_remove(const char *path)
{
    if (unlink(path) != 0)
        return errno == ENOENT ? ERR_NOT_FOUND : fail("cannot remove", path);
    return flush_name(path);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

enum err disk_each(const char *folder, disk_visit *visit, void *context)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_visible, alphasort);
    enum err e = ERR_OK;

    if (count < 0)
        return errno == ENOENT ? ERR_OK : fail("cannot list", folder);
    for (int i = 0; i < count; i++) {
        if (e == ERR_OK)
            e = visit(context, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return e;
}

static int is_stage(const struct dirent *entry)
{
    return strncmp(entry->d_name, STAGE_PREFIX, strlen(STAGE_PREFIX)) == 0;
}

/* Stages of killed processes: nobody else works while we hold the lock. */
static void sweep(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_stage, alphasort);
    char stage[DISK_PATH_SIZE];

    for (int i = 0; i < count; i++) {
        disk_path(stage, "%s/%s", folder, entries[i]->d_name);
        disk_discard(stage);
        free(entries[i]);
    }
    free(entries);
}

enum err disk_lock(const char *folder, int *lock)
{
    const struct timespec wait = {0, LOCK_WAIT_NS};
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return fail("cannot open", folder);
    for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        if (i == LOCK_TRIES || (errno != EWOULDBLOCK && errno != EINTR)) {
            say("cannot lock %s: another factory is at work there; try again"
                " when it has finished",
                folder);
            (void)close(fd);
            return ERR_AGAIN;
        }
        (void)nanosleep(&wait, NULL);
    }
    sweep(folder);
    *lock = fd;
    return ERR_OK;
}

void disk_unlock(int lock)
{
    (void)close(lock);
}
