/* cloud.h - asking the broker's plugin, and waiting for what it answers:
 * the privileged requests and the shadow updates of docs/protocol.md. */

#ifndef CLOUDD_CLOUD_H
#define CLOUDD_CLOUD_H

#include <stdbool.h>

#include "cloudd/broker.h"
#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"

struct cloud;

/* The answer, lent: ERR_OK, or ERR_DENIED with the error object, or ERR_AGAIN
 * with NULL: none came in time.  Comes exactly once. */
typedef void cloud_callback(
    void *context, enum err e, const struct json *answer);

/* The broker is borrowed; its topics for `client_id` carry the answers. */
struct cloud *cloud_new(
    struct loop *loop, struct broker *broker, const char *client_id);
void cloud_free(struct cloud *cloud); /* what waits is told ERR_AGAIN */

/* Ask `{"op":…}`; takes `request`, NULL is ERR_NO_MEMORY.  ERR_AGAIN: the
 * broker is away.  On failure there will be no callback. */
enum err cloud_ask(struct cloud *cloud, struct json *request,
    cloud_callback *callback, void *context) MUST_CHECK;

struct cloud_update {
    const char *thing;
    const char *shadow; /* NULL: the classic one */
    const char *author; /* who wants this */
};

/* Publish an update document; takes `document`. */
enum err cloud_update_shadow(struct cloud *cloud,
    const struct cloud_update *update, struct json *document,
    cloud_callback *callback, void *context) MUST_CHECK;

/* Give what came on the topics of cloud_filter_*; an answer nobody waits for
 * is ignored. */
void cloud_answered(struct cloud *cloud, const struct json *answer);
void cloud_updated(
    struct cloud *cloud, bool accepted, const struct json *answer);

/* Who sent the update with this clientToken?  NULL: not one of ours. */
const char *cloud_author(const struct cloud *cloud, const char *token);

/* "$nameplate/cloud/<client id>/response" */
const char *cloud_response_topic(const struct cloud *cloud);

#endif
