/* address.h - where the local socket is: taking that place, or going there. */

#ifndef LOCAL_ADDRESS_H
#define LOCAL_ADDRESS_H

#include <stdint.h>
#include <sys/types.h>

#include "core/err.h"

/* A place that was taken. */
struct address {
    int fd; /* listens, non-blocking */
    dev_t device;
    ino_t inode; /* of the socket file, to know it again */
};

/* Listen at `path`: mode 0660, group `gid`, its folder made when missing
 * (0755).  A socket nobody answers at is replaced.  ERR_EXISTS: somebody
 * answers, or it is no socket; ERR_TOO_BIG: the path; ERR_AGAIN: somebody else
 * is taking it right now; ERR_DENIED, ERR_IO.  The reason is logged. */
enum err address_take(
    const char *path, gid_t gid, struct address *out) MUST_CHECK;
/* Close, and remove the file unless it is somebody else's by now. */
void address_leave(const char *path, const struct address *address);

/* Connect, blocking; the caller closes *fd.  ERR_NOT_FOUND: nobody is there;
 * ERR_DENIED; ERR_AGAIN: too many at the door; ERR_TOO_BIG, ERR_IO; errno
 * keeps the system's reason. */
enum err address_connect(const char *path, int *fd) MUST_CHECK;

#endif
