/* est_users.h - credentials for enrolment: a file of lines
 *
 *     USER PASSWORD THING
 *
 * where THING is the one thing they are for, or "*".  Lines that are empty or
 * begin with '#' say nothing.  Passwords stand in clear: nobody but the file's
 * owner may read it. */

#ifndef CLOUDD_EST_USERS_H
#define CLOUDD_EST_USERS_H

#include "core/err.h"

struct est_users;

/* Read the file.  Failures, and which line is wrong, are said in the log. */
enum err est_users_open(const char *path, struct est_users **out) MUST_CHECK;
void est_users_free(struct est_users *users); /* NULL is fine; wipes */

struct est_user {
    const char *name;  /* lent */
    const char *thing; /* lent; NULL: any */
};

/* The user of an Authorization header's value ("Basic ..."), RFC 7617.
 * ERR_DENIED: wrong, or no such user; ERR_INVALID: not Basic. */
enum err est_users_check(const struct est_users *users,
    const char *authorization, struct est_user *out) MUST_CHECK;

#endif
