/* issue.h - one device gets its factory certificate, once. */

#ifndef CERTS_ISSUE_H
#define CERTS_ISSUE_H

#include "certs/home.h"

struct issue_order {
    const char *model;
    const char *batch; /* NULL: the newest */
    const char *serial;
    const char *request; /* a CSR's path; NULL: make the key here */
};

struct issue_result {
    char thing[THING_NAME_SIZE];
    char folder[DISK_PATH_SIZE];
};

/* Make devices/<thing>/ with device.crt (the chain to show: device, batch,
 * vendor), device.key, and the two files of its claim, together and durably.
 * The folder is the claim to the serial number.  The home must be locked.
 * ERR_EXISTS (not said): this serial number was issued; `result` is filled in.
 * Other failures are said. */
enum err issue_device(const struct home *home, const struct issue_order *order,
    struct issue_result *result) MUST_CHECK;

#endif
