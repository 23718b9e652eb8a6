/* role.h - what somebody may do with a device, each includes the ones before.
 */

#ifndef CLOUDD_ROLE_H
#define CLOUDD_ROLE_H

enum role {
    ROLE_NONE,     /* must not even learn that the device is there */
    ROLE_VIEWER,   /* looks */
    ROLE_OPERATOR, /* sets, invokes, restarts */
    ROLE_OWNER,    /* certificates, sharing, giving away */
    ROLE_ADMIN,    /* the fleet's operator: all of it, of every device, but what
                      is private between owner and device */
};

/* "viewer", "operator", "owner", "admin", "none"; static. */
const char *role_name(enum role role);

/* "viewer" or "operator", as a record names its members, else ROLE_NONE. */
enum role role_of_member(const char *name); /* NULL is ROLE_NONE */

#endif
