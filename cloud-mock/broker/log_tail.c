/* log_tail.c - reading a plain file neither blocks the broker nor makes it
 * wait for a reader, as a pipe would. */

#include "cloud-mock/broker/log_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"

struct log_tail {
    char *path;
    int fd; /* -1: to be opened */
    off_t offset;
    bool complained;
    char bytes[LOG_TAIL_MAX];
};

static bool open_file(struct log_tail *tail)
{
    if (tail->fd < 0)
        tail->fd = open(tail->path, O_RDONLY | O_CLOEXEC);
    if (tail->fd < 0 && !tail->complained) {
        tail->complained = true;
        log_error("broker",
            "cannot read log=%s reason=\"%s\"; reasons of"
            " disconnections are unknown",
            tail->path, strerror(errno));
    }
    return tail->fd >= 0;
}

static off_t size_of(int fd)
{
    struct stat about;

    return fstat(fd, &about) == 0 ? about.st_size : 0;
}

struct log_tail *log_tail_new(const char *path)
{
    struct log_tail *tail = malloc(sizeof(*tail));

    if (tail == NULL)
        return NULL;
    tail->path = strdup(path);
    if (tail->path == NULL) {
        free(tail);
        return NULL;
    }
    tail->complained = false;
    tail->fd = open(path, O_RDONLY | O_CLOEXEC);
    tail->offset = tail->fd >= 0 ? size_of(tail->fd) : 0;
    return tail;
}

void log_tail_free(struct log_tail *tail)
{
    if (tail == NULL)
        return;
    log_tail_reopen(tail);
    free(tail->path);
    free(tail);
}

void log_tail_reopen(struct log_tail *tail)
{
    if (tail->fd >= 0)
        close(tail->fd);
    tail->fd = -1;
    tail->offset = 0;
}

void log_tail_trim(struct log_tail *tail)
{
    if (tail->fd < 0 || size_of(tail->fd) <= LOG_TAIL_FILE_MAX)
        return;
    if (truncate(tail->path, 0) == 0) {
        tail->offset = 0;
        return;
    }
    if (!tail->complained)
        log_error("broker", "cannot empty log=%s reason=\"%s\"", tail->path,
            strerror(errno));
    tail->complained = true;
}

const char *log_tail_read(struct log_tail *tail, size_t *len)
{
    ssize_t got;
    off_t size;

    *len = 0;
    if (!open_file(tail))
        return tail->bytes;
    size = size_of(tail->fd);
    if (size < tail->offset) /* cut short under us */
        tail->offset = 0;
    if (size - tail->offset > LOG_TAIL_MAX)
        tail->offset = size - LOG_TAIL_MAX;
    got = pread(
        tail->fd, tail->bytes, (size_t)(size - tail->offset), tail->offset);
    if (got > 0) {
        tail->offset += got;
        *len = (size_t)got;
    }
    return tail->bytes;
}
