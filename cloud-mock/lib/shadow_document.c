/* shadow_document.c - pure functions over JSON trees; depth is bounded by
 * whoever parsed them.  core/patch has the rules of the state; here is what
 * the metadata makes of them. */

#include "cloud-mock/lib/shadow_document.h"

#include <stdlib.h>
#include <string.h>

#include "core/patch.h"

enum err shadow_document_make(struct shadow_document *document)
{
    document->state = json_new_object();
    document->metadata = json_new_object();
    if (document->state != NULL && document->metadata != NULL)
        return ERR_OK;
    shadow_document_free(document);
    return ERR_NO_MEMORY;
}

void shadow_document_free(struct shadow_document *document)
{
    json_free(document->state);
    json_free(document->metadata);
    *document = (struct shadow_document){NULL, NULL};
}

static struct json *new_stamp(int64_t now_s)
{
    struct json *stamp = json_new_object();

    if (stamp == NULL ||
        json_set(stamp, "timestamp", json_new_number((double)now_s)) == ERR_OK)
        return stamp;
    json_free(stamp);
    return NULL;
}

/* A container of the same kind; NULL when memory runs out. */
static struct json *new_like(const struct json *container)
{
    return json_is_array(container) ? json_new_array() : json_new_object();
}

/* Put `value` where a container wants it: under a key, or at the end. */
static enum err put(struct json *container, const char *key, struct json *value)
{
    return json_is_array(container) ? json_append(container, value)
                                    : json_set(container, key, value);
}

/* Metadata of what is new; NULL when memory runs out. */
static struct json *stamp(const struct json *value, int64_t now_s)
{
    struct json *stamps;

    if (!json_is_array(value) && !json_is_object(value))
        return new_stamp(now_s);
    stamps = new_like(value);
    for (struct json *c = json_first(value); c != NULL && stamps != NULL;
         c = json_next(c)) {
        if (put(stamps, json_key(c), stamp(c, now_s)) != ERR_OK) {
            json_free(stamps);
            stamps = NULL;
        }
    }
    return stamps;
}

/* Metadata of a merged object: new where the patch spoke, old elsewhere.
 * `old` lacks a key, or has another shape there, only where it spoke. */
static struct json *restamp(const struct json *state, const struct json *patch,
    const struct json *old, int64_t now_s)
{
    struct json *stamps = json_new_object();

    for (struct json *c = json_first(state); c != NULL && stamps != NULL;
         c = json_next(c)) {
        const char *key = json_key(c);
        const struct json *said = json_get(patch, key);
        const struct json *before = json_get(old, key);
        struct json *one;

        if (said == NULL)
            one = json_clone(before);
        else if (json_is_object(c) && json_is_object(said))
            one = restamp(c, said, before, now_s);
        else
            one = stamp(c, now_s);
        if (json_set(stamps, key, one) != ERR_OK) {
            json_free(stamps);
            stamps = NULL;
        }
    }
    return stamps;
}

enum err shadow_document_merge(const struct shadow_document *document,
    const struct json *patch, int64_t now_s, struct shadow_document *out)
{
    enum err e;

    if (json_is_null(patch))
        return shadow_document_make(out);
    *out = (struct shadow_document){NULL, NULL};
    e = patch_apply(document->state, patch, &out->state);
    if (e != ERR_OK)
        return e;
    out->metadata = restamp(out->state, patch, document->metadata, now_s);
    if (out->metadata != NULL)
        return ERR_OK;
    shadow_document_free(out);
    return ERR_NO_MEMORY;
}

enum err shadow_document_stamp(
    const struct json *patch, int64_t now_s, struct json **metadata)
{
    struct shadow_document empty, merged;
    enum err e = shadow_document_make(&empty);

    if (e != ERR_OK)
        return e;
    e = shadow_document_merge(&empty, patch, now_s, &merged);
    shadow_document_free(&empty);
    if (e != ERR_OK)
        return e;
    *metadata = merged.metadata;
    json_free(merged.state);
    return ERR_OK;
}

/* The part of `stamps` that belongs to the values in `shape`. */
static struct json *pick(const struct json *shape, const struct json *stamps)
{
    struct json *picked;

    if (!json_is_object(shape))
        return json_clone(stamps);
    picked = json_new_object();
    for (struct json *c = json_first(shape); c != NULL && picked != NULL;
         c = json_next(c)) {
        const char *key = json_key(c);

        if (json_set(picked, key, pick(c, json_get(stamps, key))) != ERR_OK) {
            json_free(picked);
            picked = NULL;
        }
    }
    return picked;
}

/* `reported` as an object, which it is not when there is none. */
static enum err differ(
    const struct json *desired, const struct json *reported, struct json **out)
{
    struct json *empty = NULL;
    enum err e;

    if (desired == NULL)
        return ERR_NOT_FOUND;
    if (reported == NULL)
        reported = empty = json_new_object();
    e = reported == NULL ? ERR_NO_MEMORY
                         : patch_between(desired, reported, out);
    json_free(empty);
    return e;
}

enum err shadow_document_delta(
    const struct shadow_document *document, struct shadow_document *delta)
{
    enum err e;

    *delta = (struct shadow_document){NULL, NULL};
    e = differ(json_get(document->state, "desired"),
        json_get(document->state, "reported"), &delta->state);
    if (e == ERR_OK && json_first(delta->state) == NULL)
        e = ERR_NOT_FOUND;
    if (e == ERR_OK) {
        delta->metadata =
            pick(delta->state, json_get(document->metadata, "desired"));
        e = delta->metadata == NULL ? ERR_NO_MEMORY : ERR_OK;
    }
    if (e != ERR_OK)
        shadow_document_free(delta);
    return e;
}

enum err shadow_document_size(
    const struct shadow_document *document, size_t *bytes)
{
    char *text = json_print(document->state);

    if (text == NULL)
        return ERR_NO_MEMORY;
    *bytes = strlen(text);
    free(text);
    return ERR_OK;
}
