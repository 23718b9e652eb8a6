/* folder.h - a folder of its own for each test, on the disk we build on. */

#ifndef TESTS_FOLDER_H
#define TESTS_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folder {
    char path[400];
};

static inline int folder_make(struct folder *folder)
{
    (void)snprintf(folder->path, sizeof(folder->path), "%s/test-XXXXXX",
        NAMEPLATE_BINARY_DIR);
    return mkdtemp(folder->path) == NULL;
}

/* How many of its files begin with `prefix`; the last one's name to `name`. */
static inline int folder_count(
    const struct folder *folder, const char *prefix, char name[256])
{
    DIR *dir = opendir(folder->path);
    struct dirent *entry;
    int count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        count++;
        if (name != NULL)
            (void)snprintf(name, 256, "%s", entry->d_name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    return count;
}

/* Remove it with the files in it; it holds no folders but empty ones. */
static inline void folder_remove(const struct folder *folder)
{
    DIR *dir = opendir(folder->path);
    struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        if (unlinkat(dirfd(dir), entry->d_name, 0) != 0)
            (void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    if (dir != NULL)
        (void)closedir(dir);
    if (rmdir(folder->path) != 0)
        (void)unlink(folder->path);
}

/* Nothing can be written there any more: a file is in its place. */
static inline void folder_block(const struct folder *folder)
{
    int fd;

    folder_remove(folder);
    fd = open(folder->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)close(fd);
}

/* Who removes the folder when this process is gone, however that came: a child
 * of its own session at the other end of a pipe.  Gives the pipe's end: close
 * it to have the folder removed; -1: nobody watches. */
static inline int folder_watch(const struct folder *folder)
{
    int ends[2];
    char none;
    pid_t pid;

    if (pipe(ends) != 0)
        return -1;
    pid = fork();
    if (pid != 0) {
        (void)close(ends[0]);
        return ends[1];
    }
    (void)close(ends[1]);
    (void)setsid();
    (void)signal(SIGTERM, SIG_IGN);
    while (read(ends[0], &none, 1) > 0) {
    }
    folder_remove(folder);
    _exit(0);
}

#endif
