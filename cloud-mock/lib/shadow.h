/* shadow.h - the Device Shadow service (contract section 2). */

#ifndef CLOUD_MOCK_SHADOW_H
#define CLOUD_MOCK_SHADOW_H

#include "cloud-mock/lib/rates.h"
#include "cloud-mock/lib/sender.h"
#include "cloud-mock/lib/store.h"
#include "cloud-mock/lib/topic.h"

struct shadows;

/* All are borrowed for life; NULL when memory runs out. */
struct shadows *shadows_new(
    struct store *store, struct sender *sender, struct rates *rates);
void shadows_free(struct shadows *shadows);

/* Do what was asked and publish every answer: accepted or rejected, and after
 * an update the delta (while there is one) and the documents. */
void shadows_request(struct shadows *shadows, const struct topic_shadow *topic,
    const void *payload, size_t len);

/* The document as get/accepted shows it; the caller frees.  ERR_NOT_FOUND:
 * there is no such shadow. */
enum err shadows_read(struct shadows *shadows, const char *thing,
    const char *name, struct json **out) MUST_CHECK;

#endif
