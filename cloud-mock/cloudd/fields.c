/* fields.c */

#include "cloudd/fields.h"

bool fields_take(struct json *object, const char *key, struct json *value)
{
    if (object == NULL || value == NULL) {
        json_free(value);
        return false;
    }
    return json_set(object, key, value) == ERR_OK;
}

bool fields_text(struct json *object, const char *key, const char *value)
{
    return value == NULL || fields_take(object, key, json_new_string(value));
}

bool fields_copy(struct json *object, const char *key, const struct json *value)
{
    return value == NULL || fields_take(object, key, json_clone(value));
}

bool fields_number(struct json *object, const char *key, double value)
{
    return fields_take(object, key, json_new_number(value));
}

bool fields_bool(struct json *object, const char *key, bool value)
{
    return fields_take(object, key, json_new_bool(value));
}

struct json *fields_end(struct json *object, bool ok)
{
    if (ok)
        return object;
    json_free(object);
    return NULL;
}
