/* keystore.c - what all variants share: one at a time, again when it broke. */

#define _GNU_SOURCE /* pthread_mutex_clocklock */

#include "ports/keystore/keystore.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ports/keystore/keystore_inside.h"

#define PATIENCE_S 10 /* for a token that somebody else waits for */

/* Two locks: `mutex` is held while a token works, which may be for ever;
 * `facts` only to copy `place`, so who asks for that never waits. */
struct keystore {
    const struct keystore_variant *variant;
    void *state;
    pthread_mutex_t mutex;
    pthread_mutex_t facts;
    struct keystore_place place;
    pid_t owner; /* the process that opened it; 0: closed */
    struct keystore_public key;
    bool seen; /* `key` is known since the first opening */
};

static const struct {
    const char *scheme;
    const struct keystore_variant *variant;
} variants[] = {
    {"file:",   &keystore_file  },
    {"pkcs11:", &keystore_pkcs11},
    {"tpm2:",   &keystore_tpm2  },
};

enum err keystore_say(char *why, enum err e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(why, KEYSTORE_WHY, format, args);
    va_end(args);
    return e;
}

static const struct keystore_variant *find_variant(const char *uri)
{
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++)
        if (strncmp(uri, variants[i].scheme, strlen(variants[i].scheme)) == 0)
            return variants[i].variant;
    return NULL;
}

enum err keystore_new(
    const char *uri, char why[KEYSTORE_WHY], struct keystore **out)
{
    struct keystore *store = calloc(1, sizeof(*store));
    enum err e;

    if (store == NULL)
        return keystore_say(why, ERR_NO_MEMORY, "unreadable: out of memory");
    store->variant = find_variant(uri);
    if (store->variant == NULL) {
        e = keystore_say(why, ERR_UNSUPPORTED,
            "unsuitable: expected file:PATH, pkcs11:... or tpm2:...");
        goto free_store;
    }
    e = store->variant->parse(uri, why, &store->state);
    if (e != ERR_OK)
        goto free_store;
    (void)pthread_mutex_init(&store->mutex, NULL);
    (void)pthread_mutex_init(&store->facts, NULL);
    store->variant->place(store->state, &store->place);
    *out = store;
    return ERR_OK;

free_store:
    free(store);
    return e;
}

static void shut(struct keystore *store)
{
    store->variant->close(store->state);
    store->owner = 0;
}

void keystore_free(struct keystore *store)
{
    if (store == NULL)
        return;
    shut(store);
    store->variant->free(store->state);
    (void)pthread_mutex_destroy(&store->mutex);
    (void)pthread_mutex_destroy(&store->facts);
    free(store);
}

static bool is_same(
    const struct keystore_public *a, const struct keystore_public *b)
{
    return a->kind == b->kind && a->len == b->len &&
        memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* A token that hangs takes one thread with it, not each that comes later. */
static enum err begin(struct keystore *store, char *why)
{
    struct timespec end;

    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += PATIENCE_S;
    if (pthread_mutex_clocklock(&store->mutex, CLOCK_MONOTONIC, &end) == 0)
        return ERR_OK;
    return keystore_say(why, ERR_AGAIN,
        "token_failed: the token does not answer; an earlier request still "
        "waits for it");
}

static void note_place(struct keystore *store)
{
    struct keystore_place place = {.opened = true};

    store->variant->place(store->state, &place);
    (void)pthread_mutex_lock(&store->facts);
    store->place = place;
    (void)pthread_mutex_unlock(&store->facts);
}

/* A session belongs to the process that opened it.  Who asks for a signature
 * has seen the public half and must get that key's, or none. */
static enum err unlock_key(struct keystore *store, bool any, char *why)
{
    struct keystore_public key = {.len = 0};
    enum err e;

    if (store->owner == getpid())
        return ERR_OK;
    shut(store);
    e = store->variant->open(store->state, &key, why);
    if (e == ERR_OK && !any && store->seen && !is_same(&key, &store->key))
        e = keystore_say(why, ERR_CONFLICT,
            "another_key: the key there is not the one that was there");
    if (e != ERR_OK) {
        shut(store);
        return e;
    }
    store->owner = getpid();
    store->key = key;
    store->seen = true;
    note_place(store);
    return ERR_OK;
}

enum err keystore_open(
    struct keystore *store, struct keystore_public *out, char why[KEYSTORE_WHY])
{
    enum err e = begin(store, why);

    if (e != ERR_OK)
        return e;
    e = unlock_key(store, true, why);
    if (e == ERR_OK)
        *out = store->key;
    (void)pthread_mutex_unlock(&store->mutex);
    return e;
}

static size_t hash_limit(const struct keystore_public *key, size_t len)
{
    size_t bytes = key->bits / 8;

    return key->kind == KEYSTORE_RSA || len < bytes ? len : bytes;
}

/* ECDSA takes the left-most bits of a longer hash (FIPS 186-5 section 6.4.1);
 * not every token does that by itself. */
static enum err try_sign(struct keystore *store, const struct keystore_job *job,
    struct keystore_signature *out, char *why)
{
    struct keystore_job fitting = *job;
    enum err e = unlock_key(store, false, why);

    if (e != ERR_OK)
        return e;
    if ((job->scheme == KEYSTORE_ECDSA) != (store->key.kind != KEYSTORE_RSA))
        return keystore_say(why, ERR_UNSUPPORTED,
            "unsuitable: the key cannot make such a signature");
    fitting.len = hash_limit(&store->key, job->len);
    e = store->variant->sign(store->state, &fitting, out, why);
    if (e != ERR_OK)
        shut(store);
    return e;
}

/* What a fresh session can mend: never what a PIN was refused for. */
static bool is_worth_another(enum err e)
{
    return e == ERR_IO || e == ERR_AGAIN || e == ERR_NOT_FOUND;
}

enum err keystore_sign(struct keystore *store, const struct keystore_job *job,
    struct keystore_signature *out, char why[KEYSTORE_WHY])
{
    bool was_open;
    enum err e = begin(store, why);

    if (e != ERR_OK)
        return e;
    was_open = store->owner == getpid();
    e = try_sign(store, job, out, why);
    if (was_open && is_worth_another(e))
        e = try_sign(store, job, out, why);
    (void)pthread_mutex_unlock(&store->mutex);
    return e;
}

enum err keystore_create(
    struct keystore *store, enum keystore_kind kind, char why[KEYSTORE_WHY])
{
    enum err e = begin(store, why);

    if (e != ERR_OK)
        return e;
    shut(store);
    e = store->variant->create(store->state, kind, why);
    store->seen = store->seen && e != ERR_OK;
    (void)pthread_mutex_unlock(&store->mutex);
    return e;
}

enum err keystore_erase(struct keystore *store, char why[KEYSTORE_WHY])
{
    enum err e = begin(store, why);

    if (e != ERR_OK)
        return e;
    shut(store);
    e = store->variant->erase(store->state, why);
    (void)pthread_mutex_unlock(&store->mutex);
    return e;
}

void keystore_close(struct keystore *store)
{
    (void)pthread_mutex_lock(&store->mutex);
    shut(store);
    (void)pthread_mutex_unlock(&store->mutex);
}

bool keystore_is_busy(struct keystore *store)
{
    if (pthread_mutex_trylock(&store->mutex) != 0)
        return true;
    (void)pthread_mutex_unlock(&store->mutex);
    return false;
}

void keystore_place(struct keystore *store, struct keystore_place *out)
{
    (void)pthread_mutex_lock(&store->facts);
    *out = store->place;
    (void)pthread_mutex_unlock(&store->facts);
}
