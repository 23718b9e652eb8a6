/* store_labels.h - what an account calls its devices, and where they stand. */

#ifndef CLOUDD_STORE_LABELS_H
#define CLOUDD_STORE_LABELS_H

#include <stddef.h>

#include "cloudd/store.h"

#define STORE_LABEL_SIZE 241 /* 60 characters of UTF-8 and a NUL */

struct store_label {
    char name[STORE_LABEL_SIZE], room[STORE_LABEL_SIZE]; /* "": none */
};

enum err store_label_put(struct store *store, const char *user,
    const char *thing, const struct store_label *label) MUST_CHECK;
/* Leaves *label empty when there is none. */
enum err store_label_get(struct store *store, const char *user,
    const char *thing, struct store_label *label) MUST_CHECK;
/* Everybody's for this thing. */
enum err store_labels_wipe(struct store *store, const char *thing) MUST_CHECK;

/* A text that cloudd itself keeps, by name: ERR_NOT_FOUND. */
enum err store_kept_get(
    struct store *store, const char *name, char *value, size_t size) MUST_CHECK;
enum err store_kept_put(
    struct store *store, const char *name, const char *value) MUST_CHECK;

#endif
