/* mqtt_stream.c - recv(2), writev(2) and shutdown(2) are ours in this program
 * as mqtt_nap.c's calls are; for all but Paho's two threads they are libc's.
 *
 * In.  Paho reads a packet's first byte, each byte of its length and the rest
 * by a recv of its own, and asks poll(2) twice before: five calls for a PUBACK.
 * Here all that is there is read at once, and Paho is given it in its steps.
 * The bytes are the receive thread's alone, `owner` is everybody's: a socket
 * that Paho shuts down, on whichever thread, owns them no more, so the next one
 * with its number never gets them.  Paho does not do both at the same time: it
 * reads and closes with one lock held.
 *
 * Out.  Paho writes each packet by itself, and each would wake up the link.  So
 * what its send thread writes is gathered, whole packets, until that thread has
 * nothing more to send, which is when it waits, or a few KB are there.  Who
 * else writes to that socket sends what was gathered first.  When the socket
 * does not take it all, the others are told to come again, as Paho expects of a
 * socket, and the send thread waits for the socket before all else: nothing of
 * Paho's is lost, torn, or in another order. */

#include "cloud/mqtt_stream.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "cloud/mqtt_nap.h"

#define BYTES     4096
#define OUT_BYTES 16384 /* a TLS record's worth */

static unsigned char kept[BYTES];
static size_t kept_at, kept_len;
static atomic_int owner = -1;

static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER; /* for: */
static unsigned char out[OUT_BYTES];
static size_t out_at, out_len; /* out[out_at..out_len) is to go ... */
static atomic_int out_fd = -1; /* ... there; changes with the lock held */

/* --- in ------------------------------------------------------------------- */

static bool is_there(int fd)
{
    return fd >= 0 && atomic_load(&owner) == fd;
}

static ssize_t receive(int fd, void *bytes, size_t len, int flags)
{
    return recvfrom(fd, bytes, len, flags, NULL, NULL);
}

static ssize_t hand_out(void *bytes, size_t len)
{
    size_t left = kept_len - kept_at;
    size_t taken = left < len ? left : len;

    memcpy(bytes, kept + kept_at, taken);
    kept_at += taken;
    if (kept_at == kept_len)
        atomic_store(&owner, -1);
    return (ssize_t)taken;
}

static ssize_t take(int fd, void *bytes, size_t len)
{
    ssize_t got;

    if (is_there(fd))
        return hand_out(bytes, len);
    if (len >= BYTES || atomic_load(&owner) >= 0)
        return receive(fd, bytes, len, 0);
    got = receive(fd, kept, BYTES, 0);
    if (got <= 0)
        return got;
    kept_at = 0;
    kept_len = (size_t)got;
    atomic_store(&owner, fd);
    return hand_out(bytes, len);
}

/* Paho asks with no bytes at all before it closes. */
ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    return flags == 0 && len > 0 && mqtt_nap_is_listener()
        ? take(fd, bytes, len)
        : receive(fd, bytes, len, flags);
}

int mqtt_stream_poll(struct pollfd *fds, nfds_t count)
{
    const struct timespec now = {.tv_sec = 0};
    nfds_t at = 0;
    int ready = 0;

    while (at < count && !is_there(fds[at].fd))
        at++;
    if (at == count)
        return 0;
    if (count > 1) /* the others, too */
        ready = ppoll(fds, count, &now, NULL);
    if (ready <= 0)
        ready = 1;
    else if (fds[at].revents == 0)
        ready++;
    fds[at].revents = (short)(fds[at].events & (POLLIN | POLLOUT));
    return ready;
}

/* --- out ------------------------------------------------------------------ */

static size_t out_left(void)
{
    return out_len - out_at;
}

/* With the lock held; false: the socket does not take all of it now. */
static bool flush(void)
{
    while (out_left() > 0) {
        ssize_t done =
            send(out_fd, out + out_at, out_left(), MSG_NOSIGNAL | MSG_DONTWAIT);

        if (done > 0)
            out_at += (size_t)done;
        else if (done < 0 && errno == EAGAIN)
            return false;
        else if (done == 0 || errno != EINTR)
            break; /* it is broken, as Paho will find out by reading */
    }
    out_at = out_len = 0;
    return true;
}

static size_t size_of(const struct iovec *parts, int count)
{
    size_t size = 0;

    for (int i = 0; i < count; i++)
        size += parts[i].iov_len;
    return size;
}

static ssize_t gather(int fd, const struct iovec *parts, int count)
{
    size_t before = out_len;

    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len > 0)
            memcpy(out + out_len, parts[i].iov_base, parts[i].iov_len);
        out_len += parts[i].iov_len;
    }
    out_fd = fd;
    return (ssize_t)(out_len - before);
}

static ssize_t write_now(int fd, const struct iovec *parts, int count)
{
    return syscall(SYS_writev, fd, parts, count);
}

/* With the lock held. */
static ssize_t write_in_order(
    int fd, const struct iovec *parts, int count, bool may_wait)
{
    bool is_other = out_left() > 0 && out_fd != fd;
    bool fits = size_of(parts, count) <= OUT_BYTES - out_len;

    if (may_wait && fits && !is_other)
        return gather(fd, parts, count);
    if (!flush() && !is_other) {
        errno = EAGAIN;
        return -1;
    }
    return may_wait && out_len == 0 && size_of(parts, count) <= OUT_BYTES
        ? gather(fd, parts, count)
        : write_now(fd, parts, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    bool is_sender = mqtt_nap_is_sender();
    ssize_t done;

    if (!is_sender && atomic_load(&out_fd) != fd)
        return write_now(fd, parts, count);
    (void)pthread_mutex_lock(&out_lock);
    done = write_in_order(fd, parts, count, is_sender);
    (void)pthread_mutex_unlock(&out_lock);
    return done;
}

int mqtt_stream_push(void)
{
    int stuck = -1;

    (void)pthread_mutex_lock(&out_lock);
    if (!flush())
        stuck = out_fd;
    (void)pthread_mutex_unlock(&out_lock);
    return stuck;
}

/* --- the end -------------------------------------------------------------- */

int shutdown(int fd, int how)
{
    int expected = fd;

    (void)atomic_compare_exchange_strong(&owner, &expected, -1);
    (void)pthread_mutex_lock(&out_lock);
    if (out_fd == fd) {
        (void)flush(); /* DISCONNECT, say */
        out_at = out_len = 0;
        out_fd = -1;
    }
    (void)pthread_mutex_unlock(&out_lock);
    return (int)syscall(SYS_shutdown, fd, how);
}
