/* shadow_message.c - the order of members is that of AWS's examples. */

#include "cloud-mock/lib/shadow_message.h"

static enum err set_copy(
    struct json *object, const char *key, const struct json *value)
{
    return json_set(object, key, json_clone(value));
}

static enum err set_number(struct json *object, const char *key, int64_t value)
{
    return json_set(object, key, json_new_number((double)value));
}

/* Add what every message ends with; frees `body` when e is an error. */
static struct json *finish(
    struct json *body, enum err e, const struct shadow_frame *frame)
{
    if (e == ERR_OK)
        e = set_number(body, "timestamp", frame->now_s);
    if (e == ERR_OK && frame->token != NULL)
        e = set_copy(body, "clientToken", frame->token);
    if (e == ERR_OK)
        return body;
    json_free(body);
    return NULL;
}

static enum err set_delta(
    struct json *state, const struct shadow_document *document)
{
    struct shadow_document delta;
    enum err e = shadow_document_delta(document, &delta);

    if (e != ERR_OK)
        return e == ERR_NOT_FOUND ? ERR_OK : e;
    e = set_copy(state, "delta", delta.state);
    shadow_document_free(&delta);
    return e;
}

struct json *shadow_message_document(
    const struct shadow_frame *frame, const struct shadow_snapshot *snapshot)
{
    struct json *body = json_new_object();
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_copy(body, "state", snapshot->document.state);
    if (e == ERR_OK)
        e = set_delta(json_get(body, "state"), &snapshot->document);
    if (e == ERR_OK)
        e = set_copy(body, "metadata", snapshot->document.metadata);
    if (e == ERR_OK)
        e = set_number(body, "version", snapshot->version);
    return finish(body, e, frame);
}

struct json *shadow_message_updated(
    const struct shadow_frame *frame, int64_t version, const struct json *state)
{
    struct json *body = json_new_object();
    struct json *metadata = NULL;
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_copy(body, "state", state);
    if (e == ERR_OK)
        e = shadow_document_stamp(state, frame->now_s, &metadata);
    if (e == ERR_OK)
        e = json_set(body, "metadata", metadata);
    if (e == ERR_OK)
        e = set_number(body, "version", version);
    return finish(body, e, frame);
}

struct json *shadow_message_delta(const struct shadow_frame *frame,
    int64_t version, const struct shadow_document *delta)
{
    struct json *body = json_new_object();
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_number(body, "version", version);
    if (e == ERR_OK)
        e = set_copy(body, "state", delta->state);
    if (e == ERR_OK)
        e = set_copy(body, "metadata", delta->metadata);
    return finish(body, e, frame);
}

static enum err set_snapshot(
    struct json *body, const char *key, const struct shadow_snapshot *snapshot)
{
    struct json *one;
    enum err e = json_set(body, key, json_new_object());

    if (e != ERR_OK)
        return e;
    one = json_get(body, key);
    if (snapshot->exists) {
        e = set_copy(one, "state", snapshot->document.state);
        if (e == ERR_OK)
            e = set_copy(one, "metadata", snapshot->document.metadata);
    }
    return e == ERR_OK ? set_number(one, "version", snapshot->version) : e;
}

struct json *shadow_message_documents(const struct shadow_frame *frame,
    const struct shadow_snapshot *before, const struct shadow_snapshot *after)
{
    struct json *body = json_new_object();
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_snapshot(body, "previous", before);
    if (e == ERR_OK)
        e = set_snapshot(body, "current", after);
    return finish(body, e, frame);
}

struct json *shadow_message_deleted(
    const struct shadow_frame *frame, int64_t version)
{
    struct json *body = json_new_object();

    if (body == NULL)
        return NULL;
    return finish(body, set_number(body, "version", version), frame);
}

struct json *shadow_message_rejected(
    const struct shadow_frame *frame, const struct shadow_error *error)
{
    struct json *body = json_new_object();
    enum err e;

    if (body == NULL)
        return NULL;
    e = set_number(body, "code", error->code);
    if (e == ERR_OK)
        e = json_set(body, "message", json_new_string(error->message));
    return finish(body, e, frame);
}
