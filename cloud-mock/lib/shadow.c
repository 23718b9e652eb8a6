/* shadow.c - load, change, store, answer.  Nothing is answered before it is
 * stored; when the store fails the answer is 500 and nothing has changed. */

#include "cloud-mock/lib/shadow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-mock/lib/limits.h"
#include "cloud-mock/lib/shadow_document.h"
#include "cloud-mock/lib/shadow_message.h"
#include "cloud-mock/lib/shadow_request.h"
#include "cloud-mock/lib/store_registry.h"
#include "cloud-mock/lib/store_shadow.h"

struct shadows {
    struct store *store;
    struct sender *sender;
    struct rates *rates;
};

struct shadows *shadows_new(
    struct store *store, struct sender *sender, struct rates *rates)
{
    struct shadows *shadows = calloc(1, sizeof(*shadows));

    if (shadows != NULL)
        *shadows = (struct shadows){store, sender, rates};
    return shadows;
}

void shadows_free(struct shadows *shadows)
{
    free(shadows);
}

static enum err parse_stored(
    const struct store_shadow *stored, struct shadow_document *document)
{
    /* We wrote it, so only our own limits apply; see the request's. */
    const struct json_limits limits = {1024 * 1024, 100};
    enum err e;

    *document = (struct shadow_document){NULL, NULL};
    e = json_parse(
        stored->state, strlen(stored->state), limits, &document->state);
    if (e == ERR_OK)
        e = json_parse(stored->metadata, strlen(stored->metadata), limits,
            &document->metadata);
    if (e != ERR_OK)
        shadow_document_free(document);
    return e;
}

/* `snapshot->exists` is false, and the document empty, when there is none; the
 * version then is that of the one deleted last, or 0. */
static enum err load(struct shadows *shadows, const char *thing,
    const char *name, struct shadow_snapshot *snapshot)
{
    struct store_shadow stored = {0};
    enum err e = store_get_shadow(shadows->store, thing, name, &stored);

    *snapshot = (struct shadow_snapshot){.exists = false};
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    if (e == ERR_OK && stored.deleted_ms == 0) {
        snapshot->exists = true;
        e = parse_stored(&stored, &snapshot->document);
    } else {
        if (e == ERR_OK &&
            sender_now_ms(shadows->sender) - stored.deleted_ms >=
                LIMITS_VERSION_KEEPS_MS)
            stored.version = 0;
        e = shadow_document_make(&snapshot->document);
    }
    snapshot->version = stored.version;
    store_shadow_free(&stored);
    return e;
}

static enum err save(struct shadows *shadows, const struct topic_shadow *topic,
    const struct shadow_snapshot *snapshot)
{
    struct store_shadow stored = {
        .version = snapshot->version,
        .state = json_print(snapshot->document.state),
        .metadata = json_print(snapshot->document.metadata),
    };
    enum err e = ERR_NO_MEMORY;

    if (stored.state != NULL && stored.metadata != NULL)
        e = store_put_shadow(
            shadows->store, topic->thing, topic->name, &stored);
    store_shadow_free(&stored);
    return e;
}

/* What a test ordered, once. */
static const struct shadow_error *ordered_error(struct shadows *shadows)
{
    struct sender_faults *faults = sender_faults(shadows->sender);
    int64_t code = faults->shadow_code;

    faults->shadow_code = 0;
    if (code == 0)
        return NULL;
    return code == 409 ? &shadow_error_conflict : &shadow_error_internal;
}

static const struct shadow_error *judge_version(
    const struct shadow_snapshot *now, int64_t expected)
{
    if (expected == SHADOW_REQUEST_ANY_VERSION)
        return NULL;
    if (!now->exists)
        return expected == 1 ? NULL : &shadow_error_version;
    return expected == now->version ? NULL : &shadow_error_conflict;
}

/* Make `next` from `now` and store it. */
static const struct shadow_error *apply(struct shadows *shadows,
    const struct topic_shadow *topic, const struct shadow_request *request,
    const struct shadow_snapshot *now, struct shadow_snapshot *next)
{
    int64_t now_s = sender_now_ms(shadows->sender) / 1000;
    size_t bytes;

    next->exists = true;
    next->version = now->version + 1;
    if (shadow_document_merge(
            &now->document, request->state, now_s, &next->document) != ERR_OK ||
        shadow_document_size(&next->document, &bytes) != ERR_OK)
        return &shadow_error_internal;
    if (bytes > LIMITS_SHADOW_BYTES)
        return &shadow_error_too_big;
    return save(shadows, topic, next) == ERR_OK ? NULL : &shadow_error_internal;
}

static void publish(struct shadows *shadows, const struct topic_shadow *topic,
    const char *tail, struct json *body)
{
    char text[LIMITS_TOPIC_BYTES + 1];

    snprintf(text, sizeof(text), "$aws/things/%s/shadow%s%s/%s", topic->thing,
        topic->name[0] == '\0' ? "" : "/name/", topic->name, tail);
    sender_publish(shadows->sender, text, body);
}

/* Greengrass's order; AWS promises none. */
static void tell_updated(struct shadows *shadows,
    const struct topic_shadow *topic, const struct shadow_request *request,
    const struct shadow_snapshot *before, const struct shadow_snapshot *after)
{
    const struct shadow_frame frame = {
        sender_now_ms(shadows->sender) / 1000, request->token};
    struct shadow_document delta;
    enum err e = shadow_document_delta(&after->document, &delta);

    if (e == ERR_OK) {
        publish(shadows, topic, "update/delta",
            shadow_message_delta(&frame, after->version, &delta));
        shadow_document_free(&delta);
    } else if (e != ERR_NOT_FOUND) {
        publish(shadows, topic, "update/delta", NULL);
    }
    publish(shadows, topic, "update/documents",
        shadow_message_documents(&frame, before, after));
    publish(shadows, topic, "update/accepted",
        shadow_message_updated(&frame, after->version, request->state));
}

static const struct shadow_error *update(struct shadows *shadows,
    const struct topic_shadow *topic, const struct shadow_request *request)
{
    struct shadow_snapshot now, next = {.exists = false};
    const struct shadow_error *error = ordered_error(shadows);

    if (error != NULL)
        return error;
    if (load(shadows, topic->thing, topic->name, &now) != ERR_OK)
        return &shadow_error_internal;
    error = judge_version(&now, request->expected_version);
    if (error == NULL)
        error = apply(shadows, topic, request, &now, &next);
    if (error == NULL)
        tell_updated(shadows, topic, request, &now, &next);
    shadow_document_free(&next.document);
    shadow_document_free(&now.document);
    return error;
}

/* AWS names the thing in the quotes for the classic shadow. */
static void tell_missing(struct shadows *shadows,
    const struct topic_shadow *topic, const char *tail,
    const struct shadow_frame *frame)
{
    char message[LIMITS_TOPIC_BYTES];
    const struct shadow_error error = {404, message};

    snprintf(message, sizeof(message), "No shadow exists with name: '%s'",
        topic->name[0] == '\0' ? topic->thing : topic->name);
    publish(shadows, topic, tail, shadow_message_rejected(frame, &error));
}

static const struct shadow_error *get(struct shadows *shadows,
    const struct topic_shadow *topic, const struct shadow_frame *frame)
{
    struct shadow_snapshot now;

    if (load(shadows, topic->thing, topic->name, &now) != ERR_OK)
        return &shadow_error_internal;
    if (now.exists)
        publish(shadows, topic, "get/accepted",
            shadow_message_document(frame, &now));
    else
        tell_missing(shadows, topic, "get/rejected", frame);
    shadow_document_free(&now.document);
    return NULL;
}

static const struct shadow_error *delete (struct shadows *shadows,
    const struct topic_shadow *topic, const struct shadow_frame *frame)
{
    struct store_shadow stored = {0};
    enum err e =
        store_get_shadow(shadows->store, topic->thing, topic->name, &stored);

    if (e == ERR_NOT_FOUND || (e == ERR_OK && stored.deleted_ms != 0)) {
        tell_missing(shadows, topic, "delete/rejected", frame);
        return NULL;
    }
    if (e == ERR_OK) {
        int64_t version = stored.version;

        store_shadow_free(&stored);
        stored.version = version;
        stored.deleted_ms = sender_now_ms(shadows->sender);
        e = store_put_shadow(
            shadows->store, topic->thing, topic->name, &stored);
    }
    if (e != ERR_OK)
        return &shadow_error_internal;
    publish(shadows, topic, "delete/accepted",
        shadow_message_deleted(frame, stored.version));
    return NULL;
}

static const struct shadow_error *judge_thing(
    struct shadows *shadows, const char *name)
{
    struct store_thing thing;

    switch (store_get_thing(shadows->store, name, &thing)) {
    case ERR_OK:
        return NULL;
    case ERR_NOT_FOUND:
        return &shadow_error_no_thing;
    case ERR_NO_MEMORY:
    case ERR_INVALID:
    case ERR_TOO_BIG:
    case ERR_EXISTS:
    case ERR_CONFLICT:
    case ERR_AGAIN:
    case ERR_DENIED:
    case ERR_UNSUPPORTED:
    case ERR_IO:
        break;
    }
    return &shadow_error_internal;
}

static const struct shadow_error *judge_rate(
    struct shadows *shadows, const char *thing)
{
    int64_t now_ms = sender_now_ms(shadows->sender);
    const struct rates_request request = {
        now_ms, now_ms + sender_faults(shadows->sender)->delay_ms};

    return rates_shadow(shadows->rates, thing, &request)
        ? NULL
        : &shadow_error_too_many;
}

typedef const struct shadow_error *reader(
    const void *payload, size_t len, struct shadow_request *request);

static const struct {
    reader *read;
    const char *rejected;
} operations[] = {
    [TOPIC_SHADOW_GET] = {shadow_request_read_get,    "get/rejected"   },
    [TOPIC_SHADOW_UPDATE] = {shadow_request_read_update, "update/rejected"},
    [TOPIC_SHADOW_DELETE] = {shadow_request_read_delete, "delete/rejected"},
};

static const struct shadow_error *perform(struct shadows *shadows,
    const struct topic_shadow *topic, const struct shadow_request *request)
{
    const struct shadow_frame frame = {
        sender_now_ms(shadows->sender) / 1000, request->token};

    switch (topic->operation) {
    case TOPIC_SHADOW_GET:
        return get(shadows, topic, &frame);
    case TOPIC_SHADOW_UPDATE:
        return update(shadows, topic, request);
    case TOPIC_SHADOW_DELETE:
        return delete (shadows, topic, &frame);
    }
    return &shadow_error_internal;
}

void shadows_request(struct shadows *shadows, const struct topic_shadow *topic,
    const void *payload, size_t len)
{
    struct shadow_request request;
    const struct shadow_error *error =
        operations[topic->operation].read(payload, len, &request);

    if (error == NULL)
        error = judge_thing(shadows, topic->thing);
    if (error == NULL)
        error = judge_rate(shadows, topic->thing);
    if (error == NULL)
        error = perform(shadows, topic, &request);
    if (error != NULL) {
        const struct shadow_frame frame = {
            sender_now_ms(shadows->sender) / 1000, request.token};

        publish(shadows, topic, operations[topic->operation].rejected,
            shadow_message_rejected(&frame, error));
    }
    shadow_request_free(&request);
}

enum err shadows_read(struct shadows *shadows, const char *thing,
    const char *name, struct json **out)
{
    const struct shadow_frame frame = {
        sender_now_ms(shadows->sender) / 1000, NULL};
    struct shadow_snapshot now;
    enum err e = load(shadows, thing, name, &now);

    if (e != ERR_OK)
        return e;
    if (now.exists) {
        *out = shadow_message_document(&frame, &now);
        e = *out == NULL ? ERR_NO_MEMORY : ERR_OK;
    } else {
        e = ERR_NOT_FOUND;
    }
    shadow_document_free(&now.document);
    return e;
}
