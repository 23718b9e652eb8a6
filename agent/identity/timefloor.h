/* timefloor.h - the time it is at least, whatever the clock says.
 *
 * A board without a battery wakes up in 1970.  Its certificates must still be
 * judged, and an expired one must not pass for ever.  So there is a floor: the
 * day this program was built, raised by what others signed and we believed
 * (the beginning of a certificate, the date of a revocation list), never by our
 * own clock, which may be wrong in the other direction too, and never by what a
 * broker merely says.  It is kept on disk.  While the clock is below
 * the floor, dates are judged at the floor: what ended before it is expired,
 * what begins after it may have begun. */

#ifndef IDENTITY_TIMEFLOOR_H
#define IDENTITY_TIMEFLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct timefloor;

/* Kept in file `path`, made when there is something to keep; NULL: the build
 * date alone.  A file that is damaged is reported and counts for nothing.
 * ERR_NO_MEMORY. */
enum err timefloor_new(const char *path, struct timefloor **out) MUST_CHECK;
void timefloor_free(struct timefloor *floor); /* NULL is fine */

/* Seconds since 1970 to judge with; *late: the clock is below the floor.  Any
 * thread may ask. */
int64_t timefloor_now(const struct timefloor *floor, bool *late);
int64_t timefloor_get(const struct timefloor *floor);

/* It was `moment` already.  What is lower than the floor, or more than 20 years
 * after the build, changes nothing.  Any thread may say so; the disk is written
 * by timefloor_save. */
void timefloor_raise(struct timefloor *floor, int64_t moment_s);

/* Write it to disk when it rose by a day or more since it was last written.
 * On the loop's thread.  What goes wrong is logged; the next one tries again.
 */
void timefloor_save(struct timefloor *floor);

#endif
