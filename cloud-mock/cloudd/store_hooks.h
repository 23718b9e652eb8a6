/* store_hooks.h - the web hooks of accounts, on disk: one each. */

#ifndef CLOUDD_STORE_HOOKS_H
#define CLOUDD_STORE_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "cloudd/hook.h"
#include "cloudd/secret.h"
#include "cloudd/store.h"

struct store_hook {
    char url[HOOK_URL + 1], secret[SECRET_SIZE];
    int64_t tried_ms; /* 0: never yet */
    char fault[160];  /* of the last try; "": it was taken */
    bool again;       /* it is tried again */
};

/* Set the account's hook, instead of one before. */
enum err store_hook_put(struct store *store, const char *user, const char *url,
    const char *secret) MUST_CHECK;
/* ERR_NOT_FOUND: the account has none. */
enum err store_hook_get(
    struct store *store, const char *user, struct store_hook *out) MUST_CHECK;
enum err store_hook_remove(struct store *store, const char *user) MUST_CHECK;
/* How a try went; of a hook that is gone nothing is kept. */
enum err store_hook_tried(struct store *store, int64_t now_ms,
    const struct hook_outcome *outcome) MUST_CHECK;

#endif
