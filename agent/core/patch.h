/* patch.h - JSON documents that change: merge a patch in, tell what differs.
 *
 * The rules are those of AWS IoT device shadows, which are RFC 7396 and: an
 * object in which nothing is left or nothing ever was does not stand. */

#ifndef CORE_PATCH_H
#define CORE_PATCH_H

#include <stdbool.h>

#include "core/err.h"
#include "core/json.h"

/* A copy of `target` (an object) with `patch` (an object) merged in: objects
 * recurse, null removes, anything else replaces, arrays whole. */
enum err patch_apply(const struct json *target, const struct json *patch,
    struct json **out) MUST_CHECK;

/* What of `wanted` is absent from or different in `have` (both objects), with
 * its path from the root; {} when nothing is. */
enum err patch_between(const struct json *wanted, const struct json *have,
    struct json **out) MUST_CHECK;

/* Is there an array with null in it, at any depth?  Shadows refuse that. */
bool patch_has_null_in_array(const struct json *value);

#endif
