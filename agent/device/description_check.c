/* description_check.c - tables of members; each names what it must be. */

#include "device/description_check.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct member {
    const char *name;
    bool (*fits)(const struct json *value);
    const char *expected;
};

/* The way to the value at hand: pointers to keys, the root's first. */
struct place {
    const struct place *above;
    const char *key;
};

static bool is_text(const struct json *value)
{
    return json_is_string(value) && json_text(value)[0] != '\0';
}

static bool is_above_zero(const struct json *value)
{
    return json_is_number(value) && json_number(value) > 0;
}

static bool is_choice(const struct json *value)
{
    return json_is_array(value) && json_first(value) != NULL;
}

static bool is_never(const struct json *value)
{
    (void)value;
    return false;
}

#define ADDED "nothing: the agent adds it"

static const struct member root_members[] = {
    {"@context",            is_never,       ADDED              },
    {"id",                  is_never,       ADDED              },
    {"security",            is_never,       ADDED              },
    {"securityDefinitions", is_never,       ADDED              },
    {"title",               is_text,        "a text, not empty"},
    {"description",         json_is_string, "a text"           },
    {"version",             json_is_object, "an object"        },
    {"properties",          json_is_object, "an object"        },
    {"actions",             json_is_object, "an object"        },
    {"events",              json_is_object, "an object"        },
};

static const struct member version_members[] = {
    {"instance",           is_text, "a text, not empty"},
    {"model",              is_text, "a text, not empty"},
    {"nameplate:firmware", is_text, "a text, not empty"},
};

/* Of a property, and of what an action takes or an event brings. */
static const struct member data_members[] = {
    {"type",              json_is_string, "a text"                   },
    {"title",             json_is_string, "a text"                   },
    {"description",       json_is_string, "a text"                   },
    {"unit",              json_is_string, "a text"                   },
    {"readOnly",          json_is_bool,   "true or false"            },
    {"writeOnly",         json_is_bool,   "true or false"            },
    {"minimum",           json_is_number, "a number"                 },
    {"maximum",           json_is_number, "a number"                 },
    {"multipleOf",        is_above_zero,  "a number above 0"         },
    {"enum",              is_choice,      "an array, not empty"      },
    {"nameplate:private", json_is_bool,   "true or false"            },
    {"nameplate:group",   json_is_string, "a text"                   },
    {"nameplate:widget",  json_is_string, "a text (toggle or slider)"},
    {"input",             json_is_object, "an object"                },
    {"output",            json_is_object, "an object"                },
    {"data",              json_is_object, "an object"                },
};

/* RFC 6901: "~0" and "~1" stand for '~' and '/'. */
static const char *escaped(const char *key)
{
    if (*key == '~')
        return "~0";
    return *key == '/' ? "~1" : NULL;
}

static size_t write_place(const struct place *place, char *text, size_t size)
{
    size_t used =
        place->above == NULL ? 0 : write_place(place->above, text, size);

    if (used + 1 < size)
        text[used++] = '/';
    for (const char *key = place->key; *key != '\0' && used + 2 < size; key++) {
        const char *pair = escaped(key);

        if (pair == NULL) {
            text[used++] = *key;
        } else {
            text[used++] = pair[0];
            text[used++] = pair[1];
        }
    }
    text[used] = '\0';
    return used;
}

static enum err fail(const struct place *above, const char *key,
    const char *expected, struct description_fault *fault)
{
    const struct place place = {above, key};

    (void)write_place(&place, fault->place, sizeof(fault->place));
    fault->expected = expected;
    return ERR_INVALID;
}

static enum err check_members(const struct json *object,
    const struct member *members, size_t count, const struct place *place,
    struct description_fault *fault)
{
    for (size_t i = 0; i < count; i++) {
        const struct json *value = json_get(object, members[i].name);

        if (value != NULL && !members[i].fits(value))
            return fail(place, members[i].name, members[i].expected, fault);
    }
    return ERR_OK;
}

static enum err check_data(const struct json *data, const struct place *place,
    struct description_fault *fault)
{
    const struct json *low = json_get(data, "minimum");
    const struct json *high = json_get(data, "maximum");
    enum err e =
        check_members(data, data_members, COUNT(data_members), place, fault);

    if (e == ERR_OK && low != NULL && high != NULL &&
        json_number(low) > json_number(high))
        e = fail(place, "minimum", "a number not above maximum", fault);
    return e;
}

/* Every member of "properties", "actions" or "events". */
static enum err check_affordances(
    const struct json *td, const char *name, struct description_fault *fault)
{
    const struct place above = {NULL, name};
    enum err e = ERR_OK;

    for (const struct json *c = json_first(json_get(td, name));
         c != NULL && e == ERR_OK; c = json_next(c)) {
        const struct place place = {&above, json_key(c)};

        if (json_key(c)[0] == '\0')
            e = fail(&above, "", "a name that is not empty", fault);
        else if (!json_is_object(c))
            e = fail(&above, json_key(c), "an object", fault);
        else
            e = check_data(c, &place, fault);
    }
    return e;
}

/* TD 1.1, VersionInfo: "instance" is mandatory. */
static enum err check_version(
    const struct json *version, struct description_fault *fault)
{
    static const struct place place = {NULL, "version"};

    if (version == NULL)
        return ERR_OK;
    if (json_get(version, "instance") == NULL)
        return fail(&place, "instance",
            "a text: the version of this description", fault);
    return check_members(
        version, version_members, COUNT(version_members), &place, fault);
}

enum err description_check(
    const struct json *td, struct description_fault *fault)
{
    static const char *const kinds[] = {"properties", "actions", "events"};
    enum err e;

    if (!json_is_object(td))
        return fail(NULL, "", "an object", fault);
    if (json_get(td, "title") == NULL)
        return fail(
            NULL, "title", "a text: what people call this device", fault);
    e = check_members(td, root_members, COUNT(root_members), NULL, fault);
    if (e == ERR_OK)
        e = check_version(json_get(td, "version"), fault);
    for (size_t i = 0; i < COUNT(kinds) && e == ERR_OK; i++)
        e = check_affordances(td, kinds[i], fault);
    return e;
}
