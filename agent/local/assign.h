/* assign.h - KEY=VALUE as people type it, and values as people read it.
 *
 * A value that reads as JSON (a number, true, false, null, or anything that
 * begins with '{', '[' or '"') is that; everything else is text.  Dots in a key
 * make nested objects: "led.on=true" is {"led":{"on":true}}.  In a key, '\'
 * stands before a '.', '=' or '\' that is meant itself; \xHH is any byte. */

#ifndef LOCAL_ASSIGN_H
#define LOCAL_ASSIGN_H

#include <stddef.h>

#include "core/err.h"
#include "core/json.h"

#define ASSIGN_FAULT 300 /* bytes for words about what is wrong */

/* ERR_INVALID: `fault` says what is wrong; ERR_NO_MEMORY. */
enum err assign_value(
    const char *text, struct json **out, char fault[ASSIGN_FAULT]) MUST_CHECK;

/* Add "KEY=VALUE" to an object.  ERR_INVALID as above, also when the key is
 * there already. */
enum err assign_add(
    struct json *object, const char *text, char fault[ASSIGN_FAULT]) MUST_CHECK;

/* The text that assign_value reads as this value; on one line, without control
 * characters.  The caller calls free(3); NULL: no memory. */
char *assign_print(const struct json *value);

/* Call `line` with "KEY = VALUE" for each leaf of `now` that `before` (may be
 * NULL) does not have, or has otherwise.  ERR_NO_MEMORY. */
enum err assign_changes(const struct json *now, const struct json *before,
    void (*line)(const char *text)) MUST_CHECK;

#endif
