/* patch.c - recursion is as deep as the document; who parsed it limits that. */

#include "core/patch.h"

static enum err merge(struct json *target, const struct json *patch);

/* Merge an object into one member; made when missing, gone when empty. */
static enum err merge_member(
    struct json *target, const char *key, const struct json *patch)
{
    struct json *member = json_detach(target, key);
    enum err e;

    if (!json_is_object(member)) {
        json_free(member);
        member = json_new_object();
        if (member == NULL)
            return ERR_NO_MEMORY;
    }
    e = merge(member, patch);
    if (e == ERR_OK && json_first(member) != NULL)
        return json_set(target, key, member);
    json_free(member);
    return e;
}

static enum err merge(struct json *target, const struct json *patch)
{
    enum err e = ERR_OK;

    for (const struct json *c = json_first(patch); c != NULL && e == ERR_OK;
         c = json_next(c)) {
        if (json_is_null(c))
            json_remove(target, json_key(c));
        else if (json_is_object(c))
            e = merge_member(target, json_key(c), c);
        else
            e = json_set(target, json_key(c), json_clone(c));
    }
    return e;
}

enum err patch_apply(
    const struct json *target, const struct json *patch, struct json **out)
{
    struct json *copy = json_clone(target);
    enum err e;

    if (copy == NULL)
        return ERR_NO_MEMORY;
    e = merge(copy, patch);
    if (e != ERR_OK) {
        json_free(copy);
        return e;
    }
    *out = copy;
    return ERR_OK;
}

static enum err add_difference(
    struct json *out, const struct json *wanted, const struct json *have)
{
    struct json *inner;
    enum err e;

    if (!json_is_object(wanted))
        return json_equal(wanted, have)
            ? ERR_OK
            : json_set(out, json_key(wanted), json_clone(wanted));
    e = patch_between(wanted, have, &inner);
    if (e != ERR_OK)
        return e;
    if (json_first(inner) != NULL)
        return json_set(out, json_key(wanted), inner);
    json_free(inner);
    return ERR_OK;
}

enum err patch_between(
    const struct json *wanted, const struct json *have, struct json **out)
{
    struct json *difference = json_new_object();
    enum err e = difference == NULL ? ERR_NO_MEMORY : ERR_OK;

    for (const struct json *c = json_first(wanted); c != NULL && e == ERR_OK;
         c = json_next(c))
        e = add_difference(difference, c, json_get(have, json_key(c)));
    if (e != ERR_OK) {
        json_free(difference);
        return e;
    }
    *out = difference;
    return ERR_OK;
}

bool patch_has_null_in_array(const struct json *value)
{
    for (const struct json *c = json_first(value); c != NULL; c = json_next(c))
        if ((json_is_array(value) && json_is_null(c)) ||
            patch_has_null_in_array(c))
            return true;
    return false;
}
