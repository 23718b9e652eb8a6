/* json.c - the one file that knows cJSON.  `struct json` is a cJSON node under
 * another name.
 *
 * cJSON accepts what we must not: bytes that are not UTF-8, duplicate keys, an
 * escaped NUL that ends a string early, any depth up to 1,000.  `scan` refuses
 * bad bytes and depth before cJSON sees them; `refuse_oddities` comes after. */

#include "core/json.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

static cJSON *node(const struct json *value)
{
    return (cJSON *)(uintptr_t)value;
}

static struct json *wrap(cJSON *value)
{
    return (struct json *)value;
}

static enum err refuse(
    enum err e, const char *what, size_t at, struct json_fault *fault)
{
    *fault = (struct json_fault){what, at};
    return e;
}

/* The bytes of a string; *step is how far to go on. */
static enum err scan_string(const unsigned char *p, size_t i, size_t len,
    size_t *step, struct json_fault *fault)
{
    if (p[i] < 0x20)
        return refuse(ERR_INVALID, "a control character in a string", i, fault);
    if (p[i] != '\\')
        return ERR_OK;
    if (len - i >= 6 && memcmp(p + i + 1, "u0000", 5) == 0)
        return refuse(ERR_INVALID, "an escaped NUL", i, fault);
    if (len - i < 2)
        return refuse(ERR_INVALID, "a string without end", i, fault);
    *step = 2;
    return ERR_OK;
}

static enum err scan(const unsigned char *p, size_t len, size_t depth_limit,
    struct json_fault *fault)
{
    bool in_string = false;
    size_t depth = 0;
    size_t step;
    enum err e;

    for (size_t i = 0; i < len; i += step) {
        step = utf8_length(p + i, len - i);
        if (step == 0)
            return refuse(ERR_INVALID, "a byte that is not UTF-8", i, fault);
        if (in_string) {
            in_string = p[i] != '"';
            e = scan_string(p, i, len, &step, fault);
            if (e != ERR_OK)
                return e;
            continue;
        }
        if (p[i] == '"')
            in_string = true;
        if (p[i] == '{' || p[i] == '[')
            if (++depth > depth_limit)
                return refuse(ERR_TOO_BIG, "too many levels", i, fault);
        if ((p[i] == '}' || p[i] == ']') && depth > 0)
            depth--;
    }
    return ERR_OK;
}

static bool only_space(const char *p, const char *end)
{
    while (p < end && strchr(" \t\r\n", *p) != NULL)
        p++;
    return p == end;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define FEW 8 /* keys that are compared without memory */

/* Does an object with so many keys have one twice? */
static enum err has_twice(const cJSON *object, size_t count, bool *twice)
{
    const char *few[FEW], **keys = few;
    size_t i = 0;

    if (count > FEW)
        keys = calloc(count, sizeof(*keys));
    if (keys == NULL)
        return ERR_NO_MEMORY;
    for (const cJSON *c = object->child; c != NULL; c = c->next)
        keys[i++] = c->string;
    qsort(keys, count, sizeof(*keys), by_text);
    *twice = false;
    for (i = 1; i < count; i++)
        *twice |= strcmp(keys[i - 1], keys[i]) == 0;
    if (keys != few)
        free(keys);
    return ERR_OK;
}

/* ERR_INVALID when one object of the tree has a key twice, or a number is
 * beyond what a double holds: it would be printed as null. */
static enum err refuse_oddities(const cJSON *value, struct json_fault *fault)
{
    size_t count = 0;
    const cJSON *c;
    bool twice;
    enum err e = ERR_OK;

    if (cJSON_IsNumber(value) && !isfinite(value->valuedouble))
        return refuse(ERR_INVALID, "a number beyond a double", 0, fault);
    for (c = value->child; c != NULL && e == ERR_OK; c = c->next, count++)
        e = refuse_oddities(c, fault);
    if (e != ERR_OK || !cJSON_IsObject(value) || count < 2)
        return e;
    e = has_twice(value, count, &twice);
    return e == ERR_OK && twice
        ? refuse(ERR_INVALID, "a key stands twice in an object", 0, fault)
        : e;
}

enum err json_parse_or_say(const void *bytes, size_t len,
    struct json_limits limits, struct json_fault *fault, struct json **out)
{
    const char *end = bytes;
    cJSON *value;
    enum err e;

    if (len > limits.bytes)
        return refuse(ERR_TOO_BIG, "too many bytes", limits.bytes, fault);
    if (len == 0)
        return refuse(ERR_INVALID, "expected a value", 0, fault);
    e = scan(bytes, len, limits.depth, fault);
    if (e != ERR_OK)
        return e;
    value = cJSON_ParseWithLengthOpts(bytes, len, &end, 0);
    *fault = (struct json_fault){
        "not JSON from here on", (size_t)(end - (const char *)bytes)};
    if (value == NULL)
        return ERR_INVALID;
    if (!only_space(end, (const char *)bytes + len))
        e = refuse(
            ERR_INVALID, "something follows the value", fault->at, fault);
    else
        e = refuse_oddities(value, fault);
    if (e != ERR_OK) {
        cJSON_Delete(value);
        return e;
    }
    *out = wrap(value);
    return ERR_OK;
}

enum err json_parse(
    const void *bytes, size_t len, struct json_limits limits, struct json **out)
{
    struct json_fault ignored;

    return json_parse_or_say(bytes, len, limits, &ignored, out);
}

void json_free(struct json *value)
{
    cJSON_Delete(node(value));
}

char *json_print(const struct json *value)
{
    return cJSON_PrintUnformatted(node(value));
}

struct json *json_new_object(void)
{
    return wrap(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
    return wrap(cJSON_CreateArray());
}

struct json *json_new_string(const char *text)
{
    return wrap(cJSON_CreateString(text));
}

struct json *json_new_number(double number)
{
    return wrap(cJSON_CreateNumber(number));
}

struct json *json_new_bool(bool truth)
{
    return wrap(cJSON_CreateBool(truth));
}

struct json *json_new_null(void)
{
    return wrap(cJSON_CreateNull());
}

struct json *json_clone(const struct json *value)
{
    return wrap(cJSON_Duplicate(node(value), 1));
}

bool json_is_object(const struct json *value)
{
    return cJSON_IsObject(node(value));
}

bool json_is_array(const struct json *value)
{
    return cJSON_IsArray(node(value));
}

bool json_is_string(const struct json *value)
{
    return cJSON_IsString(node(value));
}

bool json_is_number(const struct json *value)
{
    return cJSON_IsNumber(node(value));
}

bool json_is_bool(const struct json *value)
{
    return cJSON_IsBool(node(value));
}

bool json_is_null(const struct json *value)
{
    return cJSON_IsNull(node(value));
}

struct json *json_get(const struct json *object, const char *key)
{
    if (!json_is_object(object))
        return NULL;
    return wrap(cJSON_GetObjectItemCaseSensitive(node(object), key));
}

const char *json_text(const struct json *value)
{
    return cJSON_GetStringValue(node(value));
}

double json_number(const struct json *value)
{
    return json_is_number(value) ? node(value)->valuedouble : 0;
}

bool json_is_true(const struct json *value)
{
    return cJSON_IsTrue(node(value));
}

size_t json_count(const struct json *value)
{
    size_t count = 0;

    for (const struct json *c = json_first(value); c != NULL; c = json_next(c))
        count++;
    return count;
}

bool json_whole(
    const struct json *value, int64_t min, int64_t max, int64_t *out)
{
    double n = json_number(value);

    if (!json_is_number(value) || !(fabs(n) <= (double)JSON_WHOLE_MAX) ||
        n != floor(n))
        return false;
    if ((int64_t)n < min || (int64_t)n > max)
        return false;
    *out = (int64_t)n;
    return true;
}

bool json_equal(const struct json *a, const struct json *b)
{
    return a != NULL && b != NULL && cJSON_Compare(node(a), node(b), 1);
}

size_t json_depth(const struct json *value)
{
    size_t deepest = 0;

    if (!json_is_object(value) && !json_is_array(value))
        return 0;
    for (const struct json *c = json_first(value); c != NULL;
         c = json_next(c)) {
        size_t depth = json_depth(c);

        if (depth > deepest)
            deepest = depth;
    }
    return deepest + 1;
}

struct json *json_first(const struct json *container)
{
    if (!json_is_object(container) && !json_is_array(container))
        return NULL;
    return wrap(node(container)->child);
}

struct json *json_next(const struct json *member)
{
    return wrap(node(member)->next);
}

const char *json_key(const struct json *member)
{
    return node(member)->string;
}

enum err json_set(struct json *object, const char *key, struct json *value)
{
    cJSON *old;

    if (value == NULL)
        return ERR_NO_MEMORY;
    old = cJSON_DetachItemFromObjectCaseSensitive(node(object), key);
    cJSON_Delete(old);
    if (!cJSON_AddItemToObject(node(object), key, node(value))) {
        json_free(value);
        return ERR_NO_MEMORY;
    }
    return ERR_OK;
}

enum err json_append(struct json *array, struct json *value)
{
    if (value == NULL)
        return ERR_NO_MEMORY;
    if (!cJSON_AddItemToArray(node(array), node(value))) {
        json_free(value);
        return ERR_NO_MEMORY;
    }
    return ERR_OK;
}

void json_remove(struct json *object, const char *key)
{
    json_free(json_detach(object, key));
}

struct json *json_detach(struct json *object, const char *key)
{
    return wrap(cJSON_DetachItemFromObjectCaseSensitive(node(object), key));
}
