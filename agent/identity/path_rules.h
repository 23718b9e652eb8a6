/* path_rules.h - is a path from a leaf to an anchor good?  (For path.c.) */

#ifndef IDENTITY_PATH_RULES_H
#define IDENTITY_PATH_RULES_H

#include "identity/path.h"

/* All of RFC 5280 section 6.1 but the signatures: dates, strength, CA flags,
 * path length, purpose, names under constraints, revocation.  The first rule
 * that is broken, looking from the anchor down, and by whom. */
enum trust_reason path_rules_check(const struct path_question *question,
    const struct path *path, const mbedtls_x509_crt **blamed);

#endif
