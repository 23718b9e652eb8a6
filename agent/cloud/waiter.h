/* waiter.h - how what runs on a link's thread waits: never longer than the link
 * has time, and not at all once it is stopped. */

#ifndef CLOUD_WAITER_H
#define CLOUD_WAITER_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define WAITER_PATIENT INT64_MAX /* as long as there is time */

/* Wait until one of `fds` (at most WAITER_MOST) is ready or `at_most_ms` are
 * over; revents says which.  ERR_AGAIN: all the time is over; ERR_DENIED: we
 * are asked to stop; ERR_IO: the system cannot. */
#define WAITER_MOST 16
struct waiter {
    enum err (*wait)(
        void *context, struct pollfd *fds, size_t count, int64_t at_most_ms);
    void *context;
};

#endif
