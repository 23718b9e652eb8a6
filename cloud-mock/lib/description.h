/* description.h - a stored thing as docs/protocol.md shows it ("Thing"). */

#ifndef CLOUD_MOCK_DESCRIPTION_H
#define CLOUD_MOCK_DESCRIPTION_H

#include "cloud-mock/lib/store_registry.h"
#include "core/json.h"

/* The caller frees. */
enum err description_of_thing(struct store *store,
    const struct store_thing *thing, struct json **out) MUST_CHECK;
enum err description_of_all(struct store *store, struct json **out) MUST_CHECK;

#endif
