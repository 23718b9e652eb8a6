/* token_keys.h - a key in a token of token_world.h, for tests of what can be
 * wrong with it. */

#ifndef TESTS_TOKEN_KEYS_H
#define TESTS_TOKEN_KEYS_H

#include <psa/crypto.h>
#include <stdbool.h>

#include "cmocka_all.h"
#include "ports/keystore/keystore.h"
#include "token_world.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MODULE   "module-path=" SOFTHSM

struct scene {
    struct tokens tokens;
    char why[KEYSTORE_WHY];
};

static inline int make_scene(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    *state = s;
    return s == NULL || psa_crypto_init() != PSA_SUCCESS ||
        !tokens_make(&s->tokens);
}

static inline int remove_scene(void **state)
{
    tokens_remove(&((struct scene *)*state)->tokens);
    free(*state);
    return 0;
}

/* Each '@' in `text` stands for the scene's folder. */
static inline struct keystore *name_key(struct scene *s, const char *text)
{
    struct keystore *store = NULL;
    char uri[300] = "";

    for (size_t used = 0; *text != '\0'; used = strlen(uri), text++)
        (void)snprintf(uri + used, sizeof(uri) - used, "%.*s",
            *text == '@' ? (int)sizeof(s->tokens.path) : 1,
            *text == '@' ? s->tokens.path : text);
    if (keystore_new(uri, s->why, &store) != ERR_OK)
        fail_msg("%s: %s", uri, s->why);
    return store;
}

static inline enum err open_it(struct scene *s, struct keystore *store)
{
    struct keystore_public key;

    return keystore_open(store, &key, s->why);
}

static inline enum err sign_it(struct scene *s, struct keystore *store)
{
    const unsigned char hash[32] = {1};
    const struct keystore_job job = {KEYSTORE_ECDSA, hash, sizeof(hash)};
    struct keystore_signature made;

    return keystore_sign(store, &job, &made, s->why);
}

static inline void make_it(struct scene *s, struct keystore *store)
{
    if (keystore_create(store, KEYSTORE_P256, s->why) != ERR_OK)
        fail_msg("%s", s->why);
}

#define SAYS(s, reason) assert_non_null(strstr((s)->why, reason ": "))

#endif
