/* address.c - between "nobody answers" and "it is mine" no other agent may
 * come: the folder is locked meanwhile (the lock dies with the process and
 * leaves no file). */

#include "local/address.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"

#define MODULE        "local"
#define BACKLOG       64
#define LOCK_TRIES    50
#define LOCK_PAUSE_NS (20 * 1000 * 1000)

static enum err from_errno(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EAGAIN:
        return ERR_AGAIN;
    case ENAMETOOLONG:
        return ERR_TOO_BIG;
    default:
        return ERR_IO;
    }
}

static enum err fail(const char *what, const char *path)
{
    enum err e = from_errno();

    log_error(MODULE, "%s path=%s reason=\"%s\"", what, path, strerror(errno));
    return e;
}

static bool fill(const char *path, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (*path == '\0' || strlen(path) >= sizeof(out->sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(out->sun_path, path, strlen(path) + 1);
    return true;
}

static enum err dial(const char *path, int flags, int *out)
{
    struct sockaddr_un name;
    int fd, reason;

    if (!fill(path, &name))
        return ERR_TOO_BIG;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0)
        return ERR_IO;
    if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0) {
        *out = fd;
        return ERR_OK;
    }
    reason = errno;
    (void)close(fd);
    errno = reason;
    return from_errno();
}

enum err address_connect(const char *path, int *fd)
{
    return dial(path, 0, fd);
}

/* The folder of `path`; the caller frees. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

static enum err lock_folder(const char *folder, int *out)
{
    const struct timespec pause = {0, LOCK_PAUSE_NS};
    int fd;

    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return fail("cannot make the socket's folder", folder);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail("cannot open the socket's folder", folder);
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
            *out = fd;
            return ERR_OK;
        }
        (void)nanosleep(&pause, NULL);
    }
    (void)close(fd);
    log_error(MODULE, "somebody holds a lock on the folder path=%s", folder);
    return ERR_AGAIN;
}

/* Make the way free, if nobody is there. */
static enum err clear_way(const char *path)
{
    struct stat st;
    enum err e;
    int fd;

    if (lstat(path, &st) != 0)
        return errno == ENOENT ? ERR_OK : fail("cannot look at", path);
    if (!S_ISSOCK(st.st_mode)) {
        log_error(MODULE,
            "something that is no socket is in the way: remove it, or set "
            "[local] socket to another path path=%s",
            path);
        return ERR_EXISTS;
    }
    e = dial(path, SOCK_NONBLOCK, &fd);
    if (e == ERR_NOT_FOUND) {
        log_info(
            MODULE, "replacing a socket that nobody answers path=%s", path);
        return unlink(path) == 0 || errno == ENOENT
            ? ERR_OK
            : fail("cannot remove the old socket", path);
    }
    if (e == ERR_OK)
        (void)close(fd);
    else if (e != ERR_AGAIN) /* a full backlog is an answer, too */
        return fail("cannot tell who is at the socket", path);
    log_error(MODULE,
        "another agent answers here: stop it, or set [local] socket to "
        "another path path=%s",
        path);
    return ERR_EXISTS;
}

/* From the first moment no one may use it whom the last line would not let. */
static enum err bind_and_listen(
    const char *path, const struct sockaddr_un *name, gid_t gid, int fd)
{
    if (fchmod(fd, 0600) != 0 ||
        bind(fd, (const struct sockaddr *)name, sizeof(*name)) != 0)
        return fail("cannot make the socket", path);
    if (chown(path, (uid_t)-1, gid) != 0 || chmod(path, 0660) != 0) {
        enum err e = fail("cannot give the socket to the group", path);

        (void)unlink(path);
        return e;
    }
    if (listen(fd, BACKLOG) != 0) {
        enum err e = fail("cannot listen", path);

        (void)unlink(path);
        return e;
    }
    return ERR_OK;
}

static enum err take_locked(const char *path, gid_t gid, struct address *out)
{
    struct sockaddr_un name;
    struct stat st;
    enum err e = clear_way(path);
    int fd;

    if (e != ERR_OK)
        return e;
    (void)fill(path, &name); /* address_take saw that it fits */
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail("no socket", path);
    e = bind_and_listen(path, &name, gid, fd);
    if (e == ERR_OK && lstat(path, &st) != 0)
        e = fail("cannot look at", path);
    if (e != ERR_OK) {
        (void)close(fd);
        return e;
    }
    *out = (struct address){fd, st.st_dev, st.st_ino};
    return ERR_OK;
}

enum err address_take(const char *path, gid_t gid, struct address *out)
{
    struct sockaddr_un name;
    char *folder;
    int lock = -1;
    enum err e;

    if (!fill(path, &name)) {
        log_error(MODULE,
            "a path of %zu bytes; a socket's has 1 to %zu path=%s",
            strlen(path), sizeof(name.sun_path) - 1, path);
        return ERR_TOO_BIG;
    }
    folder = folder_of(path);
    if (folder == NULL)
        return ERR_NO_MEMORY;
    e = lock_folder(folder, &lock);
    if (e == ERR_OK) {
        e = take_locked(path, gid, out);
        (void)close(lock);
    }
    free(folder);
    return e;
}

void address_leave(const char *path, const struct address *address)
{
    struct stat st;

    if (lstat(path, &st) == 0 && st.st_dev == address->device &&
        st.st_ino == address->inode)
        (void)unlink(path);
    (void)close(address->fd);
}
