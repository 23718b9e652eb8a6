/* delivery.h - a device's files leave the factory's folder for another, where
 * its maker takes them from. */

#ifndef CERTS_DELIVERY_H
#define CERTS_DELIVERY_H

#include "certs/home.h"

/* Could a delivery to `out` begin?  It must not be there yet; ERR_EXISTS is
 * said. */
enum err delivery_check(const char *out) MUST_CHECK;

/* Is there anything of this device (its folder in the factory) that was not
 * delivered yet: its key, or what it keeps of its pass code? */
bool delivery_is_due(const char *device);

/* Make the folder `out` with a copy of device.crt and of what is due, then
 * remove that from `device`.  The home must be locked.  Killed in between, it
 * may be repeated: `out` then is complete or not there, and each secret in one
 * place at least.  All is said. */
enum err delivery_make(const char *device, const char *out) MUST_CHECK;

#endif
