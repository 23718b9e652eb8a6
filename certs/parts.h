/* parts.h - which vendors, models and serial numbers can be on a nameplate.
 *
 * A value that would have to be changed to fit is refused.  Each may have 1 to
 * 64 characters (RFC 5280 appendix A.1) without space, comma, '+', '#' and '$'
 * (certificate-profile, "Naming"); a serial number only those of
 * PrintableString.  Failures are said, with the value and the reason. */

#ifndef CERTS_PARTS_H
#define CERTS_PARTS_H

#include "core/err.h"
#include "identity/thing_name.h"

#define PARTS_MAX 64 /* characters in a field of a name */

enum err parts_check_name(const char *what, const char *value) MUST_CHECK;
enum err parts_check_serial(const char *value) MUST_CHECK;

/* Any other text that stands in a certificate's name: spaces are fine. */
enum err parts_check_text(const char *what, const char *value) MUST_CHECK;

/* Check the three parts and make the thing name. */
enum err parts_thing(const struct thing_name_parts *parts,
    char name[THING_NAME_SIZE]) MUST_CHECK;

#endif
