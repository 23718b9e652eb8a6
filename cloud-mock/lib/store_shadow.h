/* store_shadow.h - shadows, also the versions of deleted ones, on disk. */

#ifndef CLOUD_MOCK_STORE_SHADOW_H
#define CLOUD_MOCK_STORE_SHADOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud-mock/lib/store.h"
#include "cloud-mock/lib/topic.h"

struct store_shadow {
    int64_t version;
    int64_t deleted_ms; /* 0: it is there */
    char *state;        /* JSON, freed by store_shadow_free; NULL if deleted */
    char *metadata;
};

enum err store_get_shadow(struct store *store, const char *thing,
    const char *name, struct store_shadow *out) MUST_CHECK;
enum err store_put_shadow(struct store *store, const char *thing,
    const char *name, const struct store_shadow *shadow) MUST_CHECK;
void store_shadow_free(struct store_shadow *shadow);

#endif
