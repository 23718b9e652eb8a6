/* json.h - JSON trees (RFC 8259), read from anybody and written by us.
 *
 * Numbers are doubles, printed with 15 digits: whole numbers are exact up to
 * JSON_WHOLE_MAX.  Functions that return a value return NULL when memory runs
 * out, unless said otherwise. */

#ifndef CORE_JSON_H
#define CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define JSON_WHOLE_MAX 999999999999999 /* 10^15 - 1 */

struct json; /* one value: object, array, string, number, true, false, null */

struct json_limits {
    size_t bytes;
    size_t depth; /* a scalar has depth 0, {} has 1, {"a":{}} has 2 */
};

/* Parse exactly one value; only white space may follow.  Refused as
 * ERR_INVALID: bytes that are not UTF-8, a NUL or "\u0000" anywhere, duplicate
 * keys in one object, numbers beyond a double.  ERR_TOO_BIG past a limit.
 * The caller frees *out. */
enum err json_parse(const void *bytes, size_t len, struct json_limits limits,
    struct json **out) MUST_CHECK;

/* The same, and on failure say what is wrong and at which byte (from 0). */
struct json_fault {
    const char *what; /* static: "expected a value" */
    size_t at;
};
enum err json_parse_or_say(const void *bytes, size_t len,
    struct json_limits limits, struct json_fault *fault,
    struct json **out) MUST_CHECK;

void json_free(struct json *value); /* NULL is fine; frees the whole tree */

/* The text without white space; the caller calls free(3). */
char *json_print(const struct json *value);

/* Make; the caller frees, or gives it to json_set or json_append. */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_new_string(const char *text);
struct json *json_new_number(double number);
struct json *json_new_bool(bool truth);
struct json *json_new_null(void);
struct json *json_clone(const struct json *value);

/* Look.  NULL is answered with false, NULL or 0 all along, so a path of
 * look-ups needs one check at its end. */
bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
bool json_is_string(const struct json *value);
bool json_is_number(const struct json *value);
bool json_is_bool(const struct json *value);
bool json_is_null(const struct json *value); /* NULL itself is not null */
struct json *json_get(const struct json *object, const char *key);
const char *json_text(const struct json *value); /* a string's, else NULL */
double json_number(const struct json *value);    /* else 0 */
bool json_is_true(const struct json *value);
size_t json_count(const struct json *value); /* members or elements */
/* A whole number within [min, max], else false and *out is untouched. */
bool json_whole(
    const struct json *value, int64_t min, int64_t max, int64_t *out);
/* Same value; numbers by value (1 == 1.0), objects in any order. */
bool json_equal(const struct json *a, const struct json *b);
/* Deepest nesting, counted as in json_limits. */
size_t json_depth(const struct json *value);

/* Walk: for (c = json_first(v); c != NULL; c = json_next(c)).  A member's key
 * is lent until it is removed. */
struct json *json_first(const struct json *container);
struct json *json_next(const struct json *member);
const char *json_key(const struct json *member); /* NULL in arrays */

/* Change.  `json_set` and `json_append` take `value` always (also on failure,
 * and NULL gives ERR_NO_MEMORY), so a maker can stand in the argument. */
enum err json_set(
    struct json *object, const char *key, struct json *value) MUST_CHECK;
enum err json_append(struct json *array, struct json *value) MUST_CHECK;
void json_remove(struct json *object, const char *key);
/* Unhook a member and give it to the caller; NULL when there is none. */
struct json *json_detach(struct json *object, const char *key);

#endif
