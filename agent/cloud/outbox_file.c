/* outbox_file.c */

#include "cloud/outbox_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "ports/port.h"

#define MODULE "outbox"

static enum err io_error(const char *what, const char *path)
{
    log_error(
        MODULE, "cannot %s file=%s reason=\"%s\"", what, path, strerror(errno));
    return ERR_IO;
}

/* The folder of `path` ("/x/" or "./"), and where its last name begins. */
static enum err split(
    const char *path, char folder[PATH_MAX], const char **name)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;

    if (len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return io_error("use", path);
    }
    (void)snprintf(folder, PATH_MAX, "%.*s", len == 0 ? 2 : (int)len,
        len == 0 ? "./" : path);
    *name = path + len;
    return ERR_OK;
}

static enum err sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *name;
    enum err e = split(path, folder, &name);
    int fd;

    if (e != ERR_OK)
        return e;
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io_error("open the folder of", path);
    if (fsync(fd) != 0)
        e = io_error("sync the folder of", path);
    (void)close(fd);
    return e;
}

/* The folder may be new as well.  Where we may not look at the one above it,
 * somebody else made it. */
static void sync_above(const char *path)
{
    char folder[PATH_MAX];
    const char *name;
    size_t len;
    int fd;

    if (split(path, folder, &name) != ERR_OK)
        return;
    len = strlen(folder);
    (void)snprintf(folder + len, sizeof(folder) - len, "..");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fsync(fd) != 0)
        log_warning(MODULE, "cannot sync folder=%s reason=\"%s\"", folder,
            strerror(errno));
    (void)close(fd);
}

enum err outbox_file_make(const char *path)
{
    struct stat st;
    enum err e = ERR_OK;
    int fd = open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);

    if (fd < 0)
        return io_error("open", path);
    if (fstat(fd, &st) != 0) {
        e = io_error("look at", path);
    } else if (!S_ISREG(st.st_mode)) {
        log_error(MODULE, "file=%s is not a regular file", path);
        e = ERR_IO;
    } else if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) != 0) {
        e = io_error("make private", path);
    }
    (void)close(fd);
    if (e == ERR_OK && st.st_size == 0) {
        sync_above(path);
        e = sync_folder(path);
    }
    return e;
}

struct outbox_file_id outbox_file_identify(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return (struct outbox_file_id){0, 0};
    return (struct outbox_file_id){(uint64_t)st.st_dev, (uint64_t)st.st_ino};
}

void outbox_file_make_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *name;

    if (split(path, folder, &name) == ERR_OK && mkdir(folder, 0700) != 0 &&
        errno != EEXIST)
        log_warning(MODULE, "cannot make folder=%s reason=\"%s\"", folder,
            strerror(errno));
}

/* Would there be a folder if the disk took it?  Where it can be made now, the
 * disk refused it a moment ago. */
static bool disk_refuses_folder(const char *folder)
{
    if (mkdir(folder, 0700) != 0)
        return errno == EROFS || errno == ENOSPC || errno == EIO;
    (void)rmdir(folder); /* it was only a question */
    return true;
}

bool outbox_file_is_misplaced(const char *path)
{
    char folder[PATH_MAX];
    const char *name;
    struct stat st;

    if (split(path, folder, &name) != ERR_OK)
        return true;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return true;
    if (stat(folder, &st) != 0 && errno == ENOENT)
        return !disk_refuses_folder(folder);
    if (stat(folder, &st) != 0)
        return errno == ENOTDIR || errno == EACCES;
    return access(folder, W_OK | X_OK) != 0 && errno == EACCES;
}

/* "<path><suffix>"; false when it is too long. */
static bool name_with(char name[PATH_MAX], const char *path, const char *suffix)
{
    int len = snprintf(name, PATH_MAX, "%s%s", path, suffix);

    return len >= 0 && len < PATH_MAX;
}

bool outbox_file_was_cut_short(const char *path)
{
    char wal[PATH_MAX];
    struct stat st;

    return !name_with(wal, path, "-wal") ||
        (stat(wal, &st) == 0 && st.st_size > 0);
}

bool outbox_file_reserve(const char *path)
{
    char reserve[PATH_MAX];
    struct stat st;
    bool there;
    int fd;

    if (!name_with(reserve, path, "-reserve"))
        return false;
    fd = open(reserve, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    there = fstat(fd, &st) == 0 && st.st_size == OUTBOX_RESERVE_BYTES;
    if (!there)
        there = posix_fallocate(fd, 0, OUTBOX_RESERVE_BYTES) == 0;
    (void)close(fd);
    if (!there)
        (void)unlink(reserve);
    return there;
}

void outbox_file_release(const char *path)
{
    char reserve[PATH_MAX];

    if (name_with(reserve, path, "-reserve"))
        (void)unlink(reserve);
}

/* Remove what was set aside before; what cannot be removed stays. */
static void remove_older(const char *path)
{
    char folder[PATH_MAX], prefix[PATH_MAX];
    const char *name;
    struct dirent *entry;
    DIR *dir;

    if (split(path, folder, &name) != ERR_OK ||
        !name_with(prefix, name, ".corrupt-"))
        return;
    dir = opendir(folder);
    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    (void)closedir(dir);
}

static enum err move(const char *path, const char *from, const char *to)
{
    char old[PATH_MAX], new[PATH_MAX];

    if (!name_with(old, path, from) || !name_with(new, path, to)) {
        errno = ENAMETOOLONG;
        return io_error("rename", path);
    }
    if (rename(old, new) == 0)
        return ERR_OK;
    return errno == ENOENT ? ERR_NOT_FOUND : io_error("rename", old);
}

enum err outbox_file_set_aside(const char *path, char aside[OUTBOX_FILE_NAME])
{
    int64_t now_ms = port_wall_ms();
    char suffix[64];
    enum err e;

    remove_older(path);
    (void)snprintf(suffix, sizeof(suffix), ".corrupt-%" PRId64, now_ms);
    (void)snprintf(aside, OUTBOX_FILE_NAME, "%s%s", path, suffix);
    e = move(path, "", suffix);
    if (e == ERR_OK)
        log_error(MODULE, "set aside file=%s as=%s", path, aside);
    if (e == ERR_OK || e == ERR_NOT_FOUND) {
        (void)snprintf(
            suffix, sizeof(suffix), ".corrupt-%" PRId64 "-wal", now_ms);
        e = move(path, "-wal", suffix);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}
