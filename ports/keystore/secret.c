/* secret.c */

#define _GNU_SOURCE /* MADV_* */

#include "ports/keystore/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ports/keystore/keystore_inside.h"

/* Whole pages: the advice to the kernel is about pages. */
struct secret {
    unsigned char bytes[SECRET_BYTES];
};

struct secret *secret_new(void)
{
    struct secret *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
        /* cppcheck-suppress invalidFunctionArg */
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (s == MAP_FAILED)
        return NULL;
    if (madvise(s, sizeof(*s), MADV_DONTDUMP) != 0) {
        (void)munmap(s, sizeof(*s));
        return NULL;
    }
    /* Both best effort: old kernels, and limits on locked memory. */
    (void)madvise(s, sizeof(*s), MADV_WIPEONFORK);
    (void)mlock(s, sizeof(*s));
    return s;
}

void secret_free(struct secret *secret)
{
    if (secret == NULL)
        return;
    explicit_bzero(secret, sizeof(*secret));
    (void)munmap(secret, sizeof(*secret));
}

unsigned char *secret_bytes(struct secret *secret)
{
    return secret->bytes;
}

/* The mode is asked of the open file, so nobody can swap it in between. */
static enum err check_mode(int fd, const struct secret_file *file, char *why)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return keystore_say(
            why, ERR_INVALID, "unreadable: %.80s is not a file", file->path);
    if ((st.st_mode & 077) != 0)
        return keystore_say(why, ERR_DENIED,
            "unreadable: others can read the %s (mode %04o); chmod 600 %.80s",
            file->what, (unsigned)st.st_mode & 07777u, file->path);
    return ERR_OK;
}

static enum err fill(int fd, struct secret *secret, size_t *len)
{
    size_t used = 0;

    while (used < SECRET_BYTES - 1) {
        ssize_t got = read(fd, secret->bytes + used, SECRET_BYTES - 1 - used);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0) {
            *len = used;
            return ERR_OK;
        }
        used += (size_t)got;
    }
    return ERR_TOO_BIG;
}

enum err secret_read(
    const struct secret_file *file, char *why, struct secret **out, size_t *len)
{
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct secret *secret;
    enum err e;

    if (fd < 0)
        return keystore_say(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_DENIED,
            "unreadable: cannot open %.80s: %s", file->path, strerror(errno));
    e = check_mode(fd, file, why);
    if (e != ERR_OK)
        goto close_file;
    secret = secret_new();
    if (secret == NULL) {
        e = keystore_say(why, ERR_NO_MEMORY, "unreadable: out of memory");
        goto close_file;
    }
    e = fill(fd, secret, len);
    if (e == ERR_OK) {
        *out = secret;
    } else {
        (void)keystore_say(why, e, "unreadable: %.80s: %s", file->path,
            e == ERR_TOO_BIG ? "too long" : "the disk failed");
        secret_free(secret);
    }

close_file:
    (void)close(fd);
    return e;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned holders;
static int former;

void secret_hold(void)
{
    (void)pthread_mutex_lock(&mutex);
    if (holders++ == 0) {
        former = prctl(PR_GET_DUMPABLE);
        (void)prctl(PR_SET_DUMPABLE, 0);
    }
    (void)pthread_mutex_unlock(&mutex);
}

void secret_release(void)
{
    (void)pthread_mutex_lock(&mutex);
    /* 2 cannot be set again; such a process stays without core dumps. */
    if (--holders == 0)
        (void)prctl(PR_SET_DUMPABLE, former == 1 ? 1 : 0);
    (void)pthread_mutex_unlock(&mutex);
}
