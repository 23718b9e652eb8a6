/* file.c - a key in a file.  The file's text lies in one secret and is taken
 * apart anew for each signature; what that leaves in other memory is wiped
 * before the signature is given, and no core dump is made meanwhile. */

#include <errno.h>
#include <mbedtls/pk.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "ports/keystore/keystore_inside.h"
#include "ports/keystore/secret.h"

#define SCHEME "file:"

struct state {
    struct secret *text; /* NULL while closed */
    size_t len;          /* with the NUL, as mbedTLS wants it */
    char path[];
};

static enum err parse(const char *uri, char *why, void **out)
{
    const char *path = uri + strlen(SCHEME);
    size_t size = strlen(path) + 1;
    struct state *state;

    if (size == 1)
        return keystore_say(
            why, ERR_INVALID, "unreadable: expected a path behind file:");
    state = calloc(1, sizeof(*state) + size);
    if (state == NULL)
        return keystore_say(why, ERR_NO_MEMORY, "unreadable: out of memory");
    memcpy(state->path, path, size);
    *out = state;
    return ERR_OK;
}

static psa_algorithm_t algorithm_of(const struct keystore_job *job)
{
    psa_algorithm_t hash = job->len == 32 ? PSA_ALG_SHA_256
        : job->len == 48                  ? PSA_ALG_SHA_384
                                          : PSA_ALG_SHA_512;

    switch (job->scheme) {
    case KEYSTORE_ECDSA:
        break;
    case KEYSTORE_RSA_PKCS1:
        return PSA_ALG_RSA_PKCS1V15_SIGN(hash);
    case KEYSTORE_RSA_PSS:
        return PSA_ALG_RSA_PSS(hash);
    }
    return PSA_ALG_DETERMINISTIC_ECDSA(hash); /* RFC 6979: no luck needed */
}

/* 0, or an error of mbedTLS; *id is the caller's to destroy. */
static int import(
    const struct state *state, psa_algorithm_t algorithm, psa_key_id_t *id)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    mbedtls_pk_context pk;
    int failed;

    mbedtls_pk_init(&pk);
    failed = mbedtls_pk_parse_key(&pk, secret_bytes(state->text), state->len,
        NULL, 0, mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
    if (failed == 0)
        failed = mbedtls_pk_get_psa_attributes(
            &pk, PSA_KEY_USAGE_SIGN_HASH, &attributes);
    if (failed == 0) {
        psa_set_key_algorithm(&attributes, algorithm);
        failed = mbedtls_pk_import_into_psa(&pk, &attributes, id);
    }
    mbedtls_pk_free(&pk); /* wipes */
    return failed;
}

static enum err kind_of(psa_key_id_t id, struct keystore_public *out)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_type_t type;

    if (psa_get_key_attributes(id, &attributes) != PSA_SUCCESS)
        return ERR_IO;
    type = psa_get_key_type(&attributes);
    out->bits = psa_get_key_bits(&attributes);
    psa_reset_key_attributes(&attributes);
    if (type == PSA_KEY_TYPE_RSA_KEY_PAIR && out->bits >= 2048)
        out->kind = KEYSTORE_RSA;
    else if (type == PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1) &&
        (out->bits == 256 || out->bits == 384))
        out->kind = out->bits == 256 ? KEYSTORE_P256 : KEYSTORE_P384;
    else
        return ERR_UNSUPPORTED;
    return ERR_OK;
}

static enum err read_public(
    const struct state *state, struct keystore_public *out, char *why)
{
    psa_key_id_t id = PSA_KEY_ID_NULL;
    int failed = import(state, PSA_ALG_NONE, &id);
    enum err e;

    if (failed != 0)
        return keystore_say(why, ERR_INVALID,
            "unreadable: not a private key (-0x%04x): %.80s; expected PEM, not "
            "encrypted",
            (unsigned)-failed, state->path);
    e = kind_of(id, out);
    if (e == ERR_UNSUPPORTED)
        (void)keystore_say(why, e,
            "unsuitable: expected an ECDSA key on P-256 or P-384, or RSA of at "
            "least 2048 bits: %.80s",
            state->path);
    else if (e != ERR_OK ||
        psa_export_public_key(id, out->bytes, sizeof(out->bytes), &out->len) !=
            PSA_SUCCESS)
        e = keystore_say(why, ERR_INVALID,
            "unreadable: its public half cannot be told: %.80s", state->path);
    (void)psa_destroy_key(id);
    return e;
}

static void shut(void *context)
{
    struct state *state = context;

    secret_free(state->text);
    state->text = NULL;
}

static enum err unlock(void *context, struct keystore_public *out, char *why)
{
    struct state *state = context;
    const struct secret_file file = {state->path, "key"};
    enum err e;

    if (psa_crypto_init() != PSA_SUCCESS)
        return keystore_say(why, ERR_IO, "unreadable: no randomness");
    secret_hold();
    e = secret_read(&file, why, &state->text, &state->len);
    if (e == ERR_OK) {
        state->len++;
        e = read_public(state, out, why);
    }
    secret_release();
    return e;
}

static enum err sign(void *context, const struct keystore_job *job,
    struct keystore_signature *out, char *why)
{
    psa_algorithm_t algorithm = algorithm_of(job);
    psa_key_id_t id = PSA_KEY_ID_NULL;
    psa_status_t status = PSA_ERROR_GENERIC_ERROR;

    secret_hold();
    if (import(context, algorithm, &id) == 0)
        status = psa_sign_hash(id, algorithm, job->hash, job->len, out->bytes,
            sizeof(out->bytes), &out->len);
    (void)psa_destroy_key(id);
    secret_release();
    if (status == PSA_SUCCESS)
        return ERR_OK;
    return keystore_say(why, ERR_IO,
        "token_failed: the key in the file did not sign (%d)", (int)status);
}

static void place(const void *context, struct keystore_place *out)
{
    const struct state *state = context;

    out->kind = "file";
    out->exportable = true;
    (void)snprintf(out->words, sizeof(out->words),
        "in the file %.120s; whoever can read it has the key", state->path);
}

/* A new pair as PEM (SEC1), in the secret. */
static enum err generate(enum keystore_kind kind, struct secret *text)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id = PSA_KEY_ID_NULL;
    mbedtls_pk_context pk;
    enum err e = ERR_IO;

    psa_set_key_type(
        &attributes, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_bits(&attributes, kind == KEYSTORE_P256 ? 256 : 384);
    psa_set_key_usage_flags(
        &attributes, PSA_KEY_USAGE_EXPORT | PSA_KEY_USAGE_SIGN_HASH);
    psa_set_key_algorithm(&attributes, PSA_ALG_ECDSA(PSA_ALG_ANY_HASH));
    mbedtls_pk_init(&pk);
    if (psa_crypto_init() == PSA_SUCCESS &&
        psa_generate_key(&attributes, &id) == PSA_SUCCESS &&
        mbedtls_pk_copy_from_psa(id, &pk) == 0 &&
        mbedtls_pk_write_key_pem(&pk, secret_bytes(text), SECRET_BYTES) == 0)
        e = ERR_OK;
    mbedtls_pk_free(&pk);
    (void)psa_destroy_key(id);
    return e;
}

/* link(2) never replaces: of two that create at once, one gets ERR_EXISTS. */
static enum err put(const char *path, struct secret *text)
{
    const char *bytes = (const char *)secret_bytes(text);
    size_t size = strlen(path) + sizeof(".made");
    char *made = malloc(size);
    enum err e;

    if (made == NULL)
        return ERR_NO_MEMORY;
    (void)snprintf(made, size, "%s.made", path);
    e = file_replace(made, bytes, strlen(bytes));
    if (e == ERR_OK && link(made, path) != 0)
        e = errno == EEXIST ? ERR_EXISTS : ERR_IO;
    (void)unlink(made);
    free(made);
    return e;
}

static enum err create(void *context, enum keystore_kind kind, char *why)
{
    struct state *state = context;
    struct secret *text;
    enum err e;

    if (kind == KEYSTORE_RSA)
        return keystore_say(why, ERR_UNSUPPORTED,
            "unsuitable: only keys on P-256 and P-384 are made");
    text = secret_new();
    if (text == NULL)
        return keystore_say(why, ERR_NO_MEMORY, "unreadable: out of memory");
    secret_hold();
    e = generate(kind, text);
    if (e == ERR_OK)
        e = put(state->path, text);
    secret_release();
    secret_free(text);
    if (e == ERR_EXISTS)
        return keystore_say(
            why, e, "ambiguous: there is a file already: %.80s", state->path);
    if (e != ERR_OK)
        return keystore_say(why, e, "token_failed: cannot make %.80s: %s",
            state->path, strerror(errno));
    return ERR_OK;
}

static enum err erase(void *context, char *why)
{
    const struct state *state = context;

    if (unlink(state->path) == 0)
        return ERR_OK;
    return keystore_say(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
        "unreadable: cannot remove %.80s: %s", state->path, strerror(errno));
}

static void destroy(void *context)
{
    free(context);
}

const struct keystore_variant keystore_file = {
    .parse = parse,
    .open = unlock,
    .sign = sign,
    .close = shut,
    .create = create,
    .erase = erase,
    .place = place,
    .free = destroy,
};
