/* The contract of ports/keystore, the same suite over every variant: a file, a
 * real PKCS #11 token (SoftHSM) and a real TPM's firmware (swtpm). */

#include <psa/crypto.h>
#include <pthread.h>
#include <stdbool.h>

#include "cmocka_all.h"
#include "ports/keystore/keystore.h"
#include "token_world.h"

#define THREADS 4
#define ROUNDS  8

struct scene {
    struct tokens tokens;
    enum { IN_FILE, IN_PKCS11, IN_TPM2 } variant;
    unsigned keys; /* made so far; each has a name of its own */
    char uri[300];
    char why[KEYSTORE_WHY];
};

static int make_scene(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    *state = s;
    return s == NULL || psa_crypto_init() != PSA_SUCCESS ||
        !tokens_make(&s->tokens);
}

static int remove_scene(void **state)
{
    struct scene *s = *state;

    tokens_remove(&s->tokens);
    free(s);
    return 0;
}

static int in_file(void **state)
{
    ((struct scene *)*state)->variant = IN_FILE;
    return 0;
}

static int in_pkcs11(void **state)
{
    ((struct scene *)*state)->variant = IN_PKCS11;
    return 0;
}

static int in_tpm2(void **state)
{
    ((struct scene *)*state)->variant = IN_TPM2;
    return 0;
}

/* The URI of a key that is not there yet. */
static struct keystore *name_key(struct scene *s)
{
    const char *path = s->tokens.path;
    struct keystore *store = NULL;

    s->keys++;
    switch (s->variant) {
    case IN_FILE:
        (void)snprintf(s->uri, sizeof(s->uri), "file:%s/%u.key", path, s->keys);
        break;
    case IN_PKCS11:
        (void)snprintf(s->uri, sizeof(s->uri),
            "pkcs11:token=factory;object=key%u?module-path=" SOFTHSM
            "&pin-source=file:%s/pin",
            s->keys, path);
        break;
    case IN_TPM2:
        (void)snprintf(s->uri, sizeof(s->uri),
            "tpm2:handle=0x81010%03x;tcti=swtpm:path=%s/s", s->keys, path);
        break;
    }
    assert_int_equal(keystore_new(s->uri, s->why, &store), ERR_OK);
    return store;
}

static struct keystore *make_key(struct scene *s, enum keystore_kind kind)
{
    struct keystore *store = name_key(s);
    enum err e = keystore_create(store, kind, s->why);

    if (e != ERR_OK)
        print_error("%s\n", s->why);
    assert_int_equal(e, ERR_OK);
    return store;
}

static struct keystore_public open_key(struct scene *s, struct keystore *store)
{
    struct keystore_public key = {.len = 0};
    enum err e = keystore_open(store, &key, s->why);

    if (e != ERR_OK)
        print_error("%s\n", s->why);
    assert_int_equal(e, ERR_OK);
    return key;
}

/* Judged by mbedTLS, which had no part in a token's signature. */
static bool is_genuine(const struct keystore_public *key,
    const unsigned char *hash, size_t len,
    const struct keystore_signature *made)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id;
    psa_status_t status;

    psa_set_key_type(&a, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_SECP_R1));
    psa_set_key_usage_flags(&a, PSA_KEY_USAGE_VERIFY_HASH);
    psa_set_key_algorithm(&a, PSA_ALG_ECDSA_ANY);
    if (psa_import_key(&a, key->bytes, key->len, &id) != PSA_SUCCESS)
        return false;
    status = psa_verify_hash(
        id, PSA_ALG_ECDSA_ANY, hash, len, made->bytes, made->len);
    (void)psa_destroy_key(id);
    return status == PSA_SUCCESS;
}

static bool signs(struct keystore *store, const struct keystore_public *key,
    unsigned char seed, size_t len)
{
    unsigned char hash[64];
    struct keystore_signature made = {.len = 0};
    char why[KEYSTORE_WHY];
    const struct keystore_job job = {KEYSTORE_ECDSA, hash, len};

    memset(hash, seed, sizeof(hash));
    if (keystore_sign(store, &job, &made, why) != ERR_OK) {
        print_error("%s\n", why);
        return false;
    }
    if (!is_genuine(key, hash, len, &made))
        return false;
    hash[0] ^= 1;
    return !is_genuine(key, hash, len, &made);
}

static void a_signature_is_the_keys_own_for_each_curve_and_hash(void **state)
{
    static const enum keystore_kind kinds[] = {KEYSTORE_P256, KEYSTORE_P384};
    static const size_t hashes[] = {32, 48, 64};
    struct scene *s = *state;

    for (size_t i = 0; i < 2; i++) {
        struct keystore *store = make_key(s, kinds[i]);
        struct keystore_public key = open_key(s, store);

        assert_int_equal(key.kind, kinds[i]);
        assert_int_equal(key.len, kinds[i] == KEYSTORE_P256 ? 65 : 97);
        for (unsigned char h = 0; h < 3; h++)
            assert_true(signs(store, &key, h, hashes[h]));
        keystore_free(store);
    }
}

static void a_key_is_made_once_and_stays(void **state)
{
    struct scene *s = *state;
    struct keystore *store = make_key(s, KEYSTORE_P256);
    struct keystore_public key = open_key(s, store), again;

    assert_int_equal(keystore_create(store, KEYSTORE_P256, s->why), ERR_EXISTS);
    again = open_key(s, store);
    assert_memory_equal(key.bytes, again.bytes, key.len);
    keystore_free(store);
}

static void a_key_that_is_not_there_is_told_and_found_when_it_is(void **state)
{
    struct scene *s = *state;
    struct keystore *store = name_key(s), *other;
    struct keystore_public key;

    assert_int_equal(keystore_open(store, &key, s->why), ERR_NOT_FOUND);
    assert_non_null(
        strstr(s->why, s->variant == IN_FILE ? "unreadable: " : "no_object: "));
    assert_int_equal(keystore_new(s->uri, s->why, &other), ERR_OK);
    assert_int_equal(keystore_create(other, KEYSTORE_P256, s->why), ERR_OK);
    keystore_free(other);
    key = open_key(s, store);
    assert_true(signs(store, &key, 1, 32));
    keystore_free(store);
}

static void it_signs_without_being_opened_and_after_it_was_closed(void **state)
{
    struct scene *s = *state;
    struct keystore *first = make_key(s, KEYSTORE_P256), *second;
    struct keystore_public key = open_key(s, first);

    keystore_close(first);
    keystore_close(first);
    assert_true(signs(first, &key, 1, 32));
    assert_int_equal(keystore_new(s->uri, s->why, &second), ERR_OK);
    assert_true(signs(second, &key, 2, 32));
    keystore_free(first);
    assert_true(signs(second, &key, 3, 32));
    keystore_free(second);
}

struct worker {
    struct keystore *store;
    const struct keystore_public *key;
    unsigned char seed;
    bool good;
};

static void *work(void *context)
{
    struct worker *w = context;

    w->good = true;
    for (unsigned char i = 0; i < ROUNDS && w->good; i++)
        w->good =
            signs(w->store, w->key, (unsigned char)(w->seed * ROUNDS + i), 32);
    return NULL;
}

static void threads_sign_at_once(void **state)
{
    struct scene *s = *state;
    struct keystore *store = make_key(s, KEYSTORE_P256);
    struct keystore_public key = open_key(s, store);
    struct worker workers[THREADS];
    pthread_t threads[THREADS];

    for (unsigned char i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){store, &key, i, false};
        assert_int_equal(
            pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].good);
    }
    keystore_free(store);
}

/* A session belongs to the process that opened it. */
static void after_a_fork_both_sides_sign(void **state)
{
    struct scene *s = *state;
    struct keystore *store = make_key(s, KEYSTORE_P256);
    struct keystore_public key = open_key(s, store);
    int status = -1;
    pid_t child = fork();

    if (child == 0)
        _exit(signs(store, &key, 1, 32) ? 0 : 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(signs(store, &key, 2, 32));
    keystore_free(store);
}

static void a_signature_of_another_kind_is_refused(void **state)
{
    struct scene *s = *state;
    struct keystore *store = make_key(s, KEYSTORE_P256);
    struct keystore_public key = open_key(s, store);
    const unsigned char hash[32] = {1};
    struct keystore_job job = {KEYSTORE_RSA_PSS, hash, sizeof(hash)};
    struct keystore_signature made;

    assert_int_equal(
        keystore_sign(store, &job, &made, s->why), ERR_UNSUPPORTED);
    assert_non_null(strstr(s->why, "unsuitable: "));
    assert_true(signs(store, &key, 1, 32));
    keystore_free(store);
    store = name_key(s);
    assert_int_equal(
        keystore_create(store, KEYSTORE_RSA, s->why), ERR_UNSUPPORTED);
    keystore_free(store);
}

static void where_it_lives_is_told(void **state)
{
    static const char *const kinds[] = {"file", "pkcs11", "tpm2"};
    struct scene *s = *state;
    struct keystore *store = make_key(s, KEYSTORE_P256);
    struct keystore_place place;

    keystore_place(store, &place);
    assert_false(place.opened);
    (void)open_key(s, store);
    keystore_place(store, &place);
    assert_true(place.opened);
    assert_string_equal(place.kind, kinds[s->variant]);
    assert_int_equal(place.exportable, s->variant == IN_FILE);
    assert_non_null(strstr(place.words,
        s->variant == IN_FILE ? "whoever can read it has the key"
                              : "it cannot leave it"));
    assert_null(strstr(place.words, PIN));
    keystore_free(store);
}

static void an_erased_key_is_gone_and_leaves_its_neighbours(void **state)
{
    struct scene *s = *state;
    struct keystore *stays = make_key(s, KEYSTORE_P256);
    struct keystore_public kept = open_key(s, stays), key;
    struct keystore *goes = make_key(s, KEYSTORE_P256);

    key = open_key(s, goes);
    assert_int_equal(keystore_erase(goes, s->why), ERR_OK);
    assert_int_equal(keystore_open(goes, &key, s->why), ERR_NOT_FOUND);
    assert_int_equal(keystore_erase(goes, s->why), ERR_NOT_FOUND);
    assert_string_not_equal(s->why, "");
    assert_true(signs(stays, &kept, 1, 32));
    /* Nothing of it is in the way of a new one. */
    assert_int_equal(keystore_create(goes, KEYSTORE_P256, s->why), ERR_OK);
    (void)open_key(s, goes);
    keystore_free(goes);
    keystore_free(stays);
}

#define SUITE(variant)                                                         \
    ALL(a_signature_is_the_keys_own_for_each_curve_and_hash, variant),         \
        ALL(a_key_is_made_once_and_stays, variant),                            \
        ALL(a_key_that_is_not_there_is_told_and_found_when_it_is, variant),    \
        ALL(it_signs_without_being_opened_and_after_it_was_closed, variant),   \
        ALL(threads_sign_at_once, variant),                                    \
        ALL(after_a_fork_both_sides_sign, variant),                            \
        ALL(a_signature_of_another_kind_is_refused, variant),                  \
        ALL(where_it_lives_is_told, variant),                                  \
        ALL(an_erased_key_is_gone_and_leaves_its_neighbours, variant)
#define ALL(test, variant)                                                     \
    {                                                                          \
        .name = #test "_" #variant, .test_func = (test),                       \
        .setup_func = (variant)                                                \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUITE(in_file),
        SUITE(in_pkcs11),
        SUITE(in_tpm2),
    };

    return cmocka_run_group_tests(tests, make_scene, remove_scene);
}
