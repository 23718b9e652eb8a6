/* key.c */

#include "identity/key.h"

#include <psa/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "identity/key_driver.h"

#define MODULE "key"

struct key {
    struct keystore *store;
    struct key_driver *driver;     /* NULL before it was ready */
    mbedtls_pk_context pk;         /* set up once, with the driver */
    struct keystore_public public; /* what pk is */
    pthread_mutex_t mutex;         /* for the three above */
    bool in_token;
};

enum err key_open(const char *uri, struct key **out)
{
    struct key *key = calloc(1, sizeof(*key));
    char why[KEY_WHY];
    enum err e;

    if (key == NULL)
        return ERR_NO_MEMORY;
    e = keystore_new(uri, why, &key->store);
    if (e != ERR_OK) {
        log_error(MODULE, "cannot use [identity] key reason=\"%s\"", why);
        free(key);
        return e;
    }
    key->in_token = strncmp(uri, "file:", 5) != 0;
    mbedtls_pk_init(&key->pk);
    (void)pthread_mutex_init(&key->mutex, NULL);
    *out = key;
    return ERR_OK;
}

void key_free(struct key *key)
{
    if (key == NULL)
        return;
    mbedtls_pk_free(&key->pk);
    key_driver_detach(key->driver);
    keystore_free(key->store);
    (void)pthread_mutex_destroy(&key->mutex);
    free(key);
}

/* The certificate's key in PSA's form, as the store gives its own. */
static bool read_certified(
    const mbedtls_x509_crt *certificate, struct keystore_public *out)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id = PSA_KEY_ID_NULL;
    bool done = mbedtls_pk_get_psa_attributes(&certificate->pk,
                    PSA_KEY_USAGE_VERIFY_HASH, &attributes) == 0 &&
        mbedtls_pk_import_into_psa(&certificate->pk, &attributes, &id) == 0 &&
        psa_export_public_key(id, out->bytes, sizeof(out->bytes), &out->len) ==
            PSA_SUCCESS;

    (void)psa_destroy_key(id);
    return done;
}

static bool is_same(
    const struct keystore_public *a, const struct keystore_public *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static enum err compare(const struct keystore_public *key,
    const mbedtls_x509_crt *certificate, char *why)
{
    struct keystore_public certified;

    if (certificate == NULL ||
        (read_certified(certificate, &certified) && is_same(key, &certified)))
        return ERR_OK;
    (void)snprintf(why, KEY_WHY,
        "another_key: the certificate is for another key; [identity] key and "
        "certificate must belong together");
    return ERR_INVALID;
}

/* Once: what TLS holds on to must not change under it. */
static enum err set_up(
    struct key *key, const struct keystore_public *public, char *why)
{
    enum err e = ERR_OK;

    (void)pthread_mutex_lock(&key->mutex);
    if (key->driver == NULL) {
        e = key_driver_attach(key->store, public, &key->pk, &key->driver);
        if (e != ERR_OK)
            (void)snprintf(
                why, KEY_WHY, "token_failed: the key cannot be set up");
        key->public = *public;
    } else if (is_same(public, &key->public)) {
        key_driver_clear(key->driver);
    } else {
        e = ERR_INVALID;
        (void)snprintf(why, KEY_WHY,
            "another_key: the key was exchanged; put the first one back, or "
            "restart");
    }
    (void)pthread_mutex_unlock(&key->mutex);
    return e;
}

enum err key_ready(
    struct key *key, const mbedtls_x509_crt *certificate, char why[KEY_WHY])
{
    struct keystore_public public;
    enum err e;

    if (key_driver_start() != ERR_OK) {
        (void)snprintf(why, KEY_WHY, "token_failed: PSA does not start");
        return ERR_IO;
    }
    e = keystore_open(key->store, &public, why);
    if (e == ERR_OK)
        e = compare(&public, certificate, why);
    if (e == ERR_OK)
        e = set_up(key, &public, why);
    if (e == ERR_INVALID)
        keystore_close(key->store); /* look again: it may be exchanged */
    return e;
}

mbedtls_pk_context *key_signer(struct key *key)
{
    return &key->pk;
}

enum err key_sign(struct key *key, const void *message, size_t len,
    struct keystore_signature *out, char why[KEY_WHY])
{
    unsigned char hash[PSA_HASH_MAX_SIZE];
    struct keystore_public public;
    struct keystore_job job = {.hash = hash};
    enum err e = keystore_open(key->store, &public, why);

    if (e != ERR_OK)
        return e;
    job.scheme =
        public.kind == KEYSTORE_RSA ? KEYSTORE_RSA_PSS : KEYSTORE_ECDSA;
    if (key_driver_start() != ERR_OK ||
        psa_hash_compute(
            public.kind == KEYSTORE_P384 ? PSA_ALG_SHA_384 : PSA_ALG_SHA_256,
            message, len, hash, sizeof(hash), &job.len) != PSA_SUCCESS) {
        (void)snprintf(why, KEY_WHY, "token_failed: PSA does not hash");
        return ERR_IO;
    }
    return keystore_sign(key->store, &job, out, why);
}

bool key_trouble(struct key *key, char why[KEY_WHY])
{
    bool trouble;

    (void)pthread_mutex_lock(&key->mutex);
    trouble = key->driver != NULL && key_driver_trouble(key->driver, why);
    (void)pthread_mutex_unlock(&key->mutex);
    return trouble;
}

void key_place(struct key *key, struct keystore_place *out)
{
    keystore_place(key->store, out);
}

bool key_is_busy(struct key *key)
{
    return keystore_is_busy(key->store);
}

bool key_is_in_token(const struct key *key)
{
    return key->in_token;
}
