/* link_guard.h - the loopback door of a link: one visitor, and only ourselves.
 */

#ifndef CLOUD_LINK_GUARD_H
#define CLOUD_LINK_GUARD_H

#include <stdint.h>

#include "core/err.h"

/* Listen on a free loopback port; the caller closes *fd. */
enum err link_guard_listen(int *fd, uint16_t *port) MUST_CHECK;

/* Take a waiting connection when its other end is a socket of this process.
 * ERR_AGAIN: nobody waits, or somebody else did and was sent away. */
enum err link_guard_accept(int listener, int *out) MUST_CHECK;

#endif
