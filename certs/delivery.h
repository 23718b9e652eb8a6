/* delivery.h - a device's files leave the factory's folder for another, where
 * its maker takes them from. */

#ifndef CERTS_DELIVERY_H
#define CERTS_DELIVERY_H

#include "certs/home.h"

/* Could a delivery to `out` begin?  It must not be there yet; ERR_EXISTS is
 * said. */
enum err delivery_check(const char *out) MUST_CHECK;

/* Make the folder `out` with a copy of device.crt and, where there is one, the
 * key, then remove the key from `device` (its folder in the factory).  The
 * home must be locked.  Killed in between, it may be repeated: `out` then is
 * complete or not there, and the key in one place at least.  All is said. */
enum err delivery_make(const char *device, const char *out) MUST_CHECK;

#endif
