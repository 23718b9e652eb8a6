/* shadow_message.h - the exact shapes of what the Shadow service publishes
 * (contract sections 2.2 to 2.5).  Each returns NULL when memory runs out; the
 * caller frees. */

#ifndef CLOUD_MOCK_SHADOW_MESSAGE_H
#define CLOUD_MOCK_SHADOW_MESSAGE_H

#include <stdbool.h>

#include "cloud-mock/lib/shadow_document.h"
#include "cloud-mock/lib/shadow_request.h"

struct shadow_snapshot {
    bool exists;
    int64_t version;
    struct shadow_document document;
};

/* What every message ends with. */
struct shadow_frame {
    int64_t now_s;
    const struct json *token; /* a string; NULL: none was sent */
};

/* get/accepted */
struct json *shadow_message_document(
    const struct shadow_frame *frame, const struct shadow_snapshot *snapshot);
/* update/accepted: the request's own state */
struct json *shadow_message_updated(const struct shadow_frame *frame,
    int64_t version, const struct json *state);
struct json *shadow_message_delta(const struct shadow_frame *frame,
    int64_t version, const struct shadow_document *delta);
struct json *shadow_message_documents(const struct shadow_frame *frame,
    const struct shadow_snapshot *before, const struct shadow_snapshot *after);
struct json *shadow_message_deleted(
    const struct shadow_frame *frame, int64_t version);
struct json *shadow_message_rejected(
    const struct shadow_frame *frame, const struct shadow_error *error);

#endif
