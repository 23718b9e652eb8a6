/* fields.h - members of a JSON object in chains that end with one check:
 *     ok = fields_text(o, "a", x) && fields_number(o, "b", 3);
 * A NULL object is false all along. */

#ifndef CLOUDD_FIELDS_H
#define CLOUDD_FIELDS_H

#include <stdbool.h>

#include "core/json.h"

/* A NULL value leaves the member out and is fine. */
bool fields_text(struct json *object, const char *key, const char *value);
bool fields_copy(
    struct json *object, const char *key, const struct json *value);

bool fields_number(struct json *object, const char *key, double value);
bool fields_bool(struct json *object, const char *key, bool value);
/* Takes `value`; NULL is false. */
bool fields_take(struct json *object, const char *key, struct json *value);

/* `object` when `ok`, else NULL and it is freed. */
struct json *fields_end(struct json *object, bool ok);

#endif
