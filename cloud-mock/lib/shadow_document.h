/* shadow_document.h - a shadow's state and metadata, without a store or clock.
 *
 * The rules of contract sections 2.1 to 2.3: objects merge, everything else
 * (arrays too) replaces whole, null removes, and what is empty is not there.
 * Metadata mirrors the state: each leaf is {"timestamp":<s>}, an array is an
 * array of them. */

#ifndef CLOUD_MOCK_SHADOW_DOCUMENT_H
#define CLOUD_MOCK_SHADOW_DOCUMENT_H

#include <stdint.h>

#include "core/json.h"

/* Both are objects with "desired", "reported", both or neither. */
struct shadow_document {
    struct json *state;
    struct json *metadata;
};

/* Empty, for shadow_document_free, which leaves NULL in both. */
enum err shadow_document_make(struct shadow_document *document) MUST_CHECK;
void shadow_document_free(struct shadow_document *document);

/* A new document: this one with a request's `state` (an object, or null: clear
 * both sections) merged in. */
enum err shadow_document_merge(const struct shadow_document *document,
    const struct json *state, int64_t now_s,
    struct shadow_document *out) MUST_CHECK;

/* Metadata for exactly what a request's `state` sets; the caller frees. */
enum err shadow_document_stamp(
    const struct json *state, int64_t now_s, struct json **metadata) MUST_CHECK;

/* What desired has and reported lacks or has otherwise, from the root, with
 * desired's metadata.  ERR_NOT_FOUND: nothing differs; ERR_NO_MEMORY.  The
 * caller frees `delta`. */
enum err shadow_document_delta(const struct shadow_document *document,
    struct shadow_document *delta) MUST_CHECK;

/* Bytes of the state as the service counts them: compact JSON of the object
 * with both sections. */
enum err shadow_document_size(
    const struct shadow_document *document, size_t *bytes) MUST_CHECK;

#endif
