/* The device's key as mbedTLS sees it: signatures through the PSA driver, from
 * several threads and several keys at once, and what is said when one fails. */

#include <mbedtls/md.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <pthread.h>
#include <stdbool.h>

#include "cmocka_all.h"
#include "core/file.h"
#include "identity/csr.h"
#include "identity/key.h"
#include "identity/signature.h"
#include "token_world.h"

#define THREADS 4
#define ROUNDS  10

struct scene {
    struct tokens tokens;
    char why[KEY_WHY];
};

static int make_scene(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    *state = s;
    return s == NULL || !tokens_make(&s->tokens);
}

static int remove_scene(void **state)
{
    tokens_remove(&((struct scene *)*state)->tokens);
    free(*state);
    return 0;
}

/* A file's key and its certificate, self-signed: NAME.key, NAME.crt. */
static void make_pair(struct scene *s, const char *name, const char *algorithm)
{
    assert_true(tokens_run(&s->tokens,
        "cd %s && umask 077 && openssl req -x509 -newkey %s -nodes -subj /CN=x "
        "-keyout %s.key -out %s.crt",
        s->tokens.path, algorithm, name, name));
}

static struct key *open_file(struct scene *s, const char *name)
{
    struct key *key = NULL;
    char uri[128];

    (void)snprintf(uri, sizeof(uri), "file:%s/%s.key", s->tokens.path, name);
    assert_int_equal(key_open(uri, &key), ERR_OK);
    return key;
}

static void read_certificate(
    struct scene *s, const char *name, mbedtls_x509_crt *out)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s.crt", s->tokens.path, name);
    mbedtls_x509_crt_init(out);
    assert_int_equal(mbedtls_x509_crt_parse_file(out, path), 0);
}

/* Sign as TLS does, and verify with the certificate. */
static bool signs(struct key *key, mbedtls_x509_crt *certificate,
    mbedtls_pk_type_t type, unsigned char seed)
{
    const mbedtls_pk_rsassa_pss_options pss = {
        MBEDTLS_MD_SHA256, MBEDTLS_RSA_SALT_LEN_ANY};
    unsigned char hash[32], signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t len = 0;

    memset(hash, seed, sizeof(hash));
    if (mbedtls_pk_sign_ext(type, key_signer(key), MBEDTLS_MD_SHA256, hash,
            sizeof(hash), signature, sizeof(signature), &len,
            mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE) != 0)
        return false;
    return mbedtls_pk_verify_ext(type,
               type == MBEDTLS_PK_RSASSA_PSS ? &pss : NULL, &certificate->pk,
               MBEDTLS_MD_SHA256, hash, sizeof(hash), signature, len) == 0;
}

static void each_kind_signs_as_tls_wants_it(void **state)
{
    static const struct {
        const char *algorithm;
        mbedtls_pk_type_t types[2];
    } rows[] = {
        {"ec -pkeyopt ec_paramgen_curve:P-256",
         {MBEDTLS_PK_ECDSA, MBEDTLS_PK_ECDSA}                                          },
        {"ec -pkeyopt ec_paramgen_curve:P-384",
         {MBEDTLS_PK_ECDSA, MBEDTLS_PK_ECDSA}                                          },
        {"rsa:2048",                            {MBEDTLS_PK_RSA, MBEDTLS_PK_RSASSA_PSS}},
    };
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        mbedtls_x509_crt certificate;
        struct key *key;

        make_pair(s, "kind", rows[i].algorithm);
        read_certificate(s, "kind", &certificate);
        key = open_file(s, "kind");
        assert_int_equal(key_ready(key, &certificate, s->why), ERR_OK);
        for (unsigned char t = 0; t < 2; t++)
            assert_true(signs(key, &certificate, rows[i].types[t], t));
        assert_false(key_trouble(key, s->why));
        key_free(key);
        mbedtls_x509_crt_free(&certificate);
    }
}

/* docs/ownership.md, "Claim": the algorithm follows from the key alone. */
static void each_kind_signs_messages_as_the_document_has_it(void **state)
{
    static const struct {
        const char *kind;
        enum signature_algorithm algorithm;
    } rows[] = {
        {"ec -pkeyopt ec_paramgen_curve:P-256", SIGNATURE_ES256},
        {"ec -pkeyopt ec_paramgen_curve:P-384", SIGNATURE_ES384},
        {"rsa:2048",                            SIGNATURE_PS256},
    };
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct keystore_signature made;
        struct signature *judge;
        struct key *key;
        char path[128], *pem;
        size_t len;

        make_pair(s, "says", rows[i].kind);
        assert_true(tokens_run(&s->tokens,
            "cd %s && openssl x509 -in says.crt -pubkey -noout >says.pub",
            s->tokens.path));
        (void)snprintf(path, sizeof(path), "%s/says.pub", s->tokens.path);
        assert_int_equal(file_read(path, 4096, &pem, &len), ERR_OK);
        key = open_file(s, "says");
        assert_int_equal(key_sign(key, "proof", 5, &made, s->why), ERR_OK);
        for (int changed = 0; changed < 2; changed++) {
            assert_int_equal(
                signature_open(rows[i].algorithm, pem, &judge), ERR_OK);
            assert_int_equal(
                signature_update(judge, changed ? "Proof" : "proof", 5),
                ERR_OK);
            assert_int_equal(signature_finish(judge, made.bytes, made.len),
                changed ? ERR_DENIED : ERR_OK);
            signature_close(judge);
        }
        key_free(key);
        free(pem);
    }
}

static void a_message_is_not_madeby_a_key_that_is_not_there(void **state)
{
    struct scene *s = *state;
    struct keystore_signature made;
    struct key *key = open_file(s, "nowhere");

    assert_int_equal(key_sign(key, "proof", 5, &made, s->why), ERR_NOT_FOUND);
    assert_true(s->why[0] != '\0');
    key_free(key);
}

static void a_key_of_another_certificate_is_refused(void **state)
{
    struct scene *s = *state;
    mbedtls_x509_crt own, other;
    struct key *key;

    make_pair(s, "own", "ec -pkeyopt ec_paramgen_curve:P-256");
    make_pair(s, "other", "ec -pkeyopt ec_paramgen_curve:P-256");
    read_certificate(s, "own", &own);
    read_certificate(s, "other", &other);
    key = open_file(s, "own");
    assert_int_equal(key_ready(key, &other, s->why), ERR_INVALID);
    assert_non_null(strstr(s->why, "another_key: "));
    assert_int_equal(mbedtls_pk_get_type(key_signer(key)), MBEDTLS_PK_NONE);
    assert_int_equal(key_ready(key, &own, s->why), ERR_OK);
    assert_true(signs(key, &own, MBEDTLS_PK_ECDSA, 1));
    key_free(key);
    mbedtls_x509_crt_free(&own);
    mbedtls_x509_crt_free(&other);
}

static void exchange(struct scene *s, const char *a, const char *b)
{
    assert_true(tokens_run(&s->tokens,
        "cd %s && mv %s.key x && mv %s.key %s.key && mv x %s.key",
        s->tokens.path, a, b, a, b));
}

/* Before it was used, any key may come that fits; afterwards TLS has hold of
 * the first, so another one waits for a restart. */
static void a_key_may_be_exchanged_until_it_was_used(void **state)
{
    struct scene *s = *state;
    mbedtls_x509_crt right, wrong;
    struct key *key;

    make_pair(s, "right", "ec -pkeyopt ec_paramgen_curve:P-256");
    make_pair(s, "wrong", "ec -pkeyopt ec_paramgen_curve:P-256");
    read_certificate(s, "right", &right);
    read_certificate(s, "wrong", &wrong);
    exchange(s, "right", "wrong");
    key = open_file(s, "right");
    assert_int_equal(key_ready(key, &right, s->why), ERR_INVALID);
    exchange(s, "right", "wrong");
    assert_int_equal(key_ready(key, &right, s->why), ERR_OK);
    assert_true(signs(key, &right, MBEDTLS_PK_ECDSA, 1));
    exchange(s, "right", "wrong");
    assert_int_equal(key_ready(key, &wrong, s->why), ERR_INVALID);
    assert_int_equal(key_ready(key, &wrong, s->why), ERR_INVALID);
    assert_non_null(strstr(s->why, "another_key: the key was exchanged"));
    exchange(s, "right", "wrong");
    assert_int_equal(key_ready(key, &right, s->why), ERR_OK);
    assert_true(signs(key, &right, MBEDTLS_PK_ECDSA, 2));
    key_free(key);
    mbedtls_x509_crt_free(&right);
    mbedtls_x509_crt_free(&wrong);
}

struct worker {
    struct key *key;
    mbedtls_x509_crt *certificate;
    bool good;
};

static void *work(void *context)
{
    struct worker *w = context;
    char why[KEY_WHY];

    w->good = true;
    for (unsigned char i = 0; i < ROUNDS && w->good; i++)
        w->good = key_ready(w->key, w->certificate, why) == ERR_OK &&
            signs(w->key, w->certificate, MBEDTLS_PK_ECDSA, i);
    return NULL;
}

/* As the link's thread and an HTTP thread do, with two keys. */
static void threads_sign_at_once_with_two_keys(void **state)
{
    static const char *const names[] = {"one", "two"};
    struct scene *s = *state;
    struct worker workers[THREADS];
    mbedtls_x509_crt certificates[2];
    pthread_t threads[THREADS];
    struct key *keys[2];

    for (size_t i = 0; i < 2; i++) {
        make_pair(s, names[i], "ec -pkeyopt ec_paramgen_curve:P-256");
        read_certificate(s, names[i], &certificates[i]);
        keys[i] = open_file(s, names[i]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){keys[i % 2], &certificates[i % 2], false};
        assert_int_equal(
            pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].good);
    }
    for (size_t i = 0; i < 2; i++) {
        key_free(keys[i]);
        mbedtls_x509_crt_free(&certificates[i]);
    }
}

static void a_signature_that_fails_says_why_and_the_next_heals(void **state)
{
    struct scene *s = *state;
    const char *at = s->tokens.path;
    struct key *key;
    char uri[200], *pem = NULL;
    const struct thing_name_parts who = {"Acme", "Thermo-1", "1"};

    (void)snprintf(uri, sizeof(uri),
        "pkcs11:token=factory;object=own?module-path=" SOFTHSM
        "&pin-source=%s/pin",
        at);
    assert_true(tokens_run(&s->tokens,
        "pkcs11-tool --module " SOFTHSM
        " --token-label factory --login --pin " PIN
        " --keypairgen --key-type EC:prime256v1 --label own"));
    assert_int_equal(key_open(uri, &key), ERR_OK);
    assert_true(key_is_in_token(key));
    assert_int_equal(csr_make(key, &who, s->why, &pem), ERR_OK);
    free(pem);
    assert_true(tokens_run(
        &s->tokens, "mv %s/hsm %s/away && mkdir %s/hsm", at, at, at));
    /* The session is open, so the key seems ready; signing finds out. */
    assert_int_equal(csr_make(key, &who, s->why, &pem), ERR_IO);
    assert_non_null(strstr(s->why, "token_absent: "));
    assert_true(key_trouble(key, s->why));
    assert_int_equal(csr_make(key, &who, s->why, &pem), ERR_AGAIN);
    assert_true(tokens_run(
        &s->tokens, "rmdir %s/hsm && mv %s/away %s/hsm", at, at, at));
    assert_true(key_trouble(key, s->why));
    assert_int_equal(key_ready(key, NULL, s->why), ERR_OK);
    assert_false(key_trouble(key, s->why));
    assert_int_equal(csr_make(key, &who, s->why, &pem), ERR_OK);
    assert_false(key_trouble(key, s->why));
    free(pem);
    key_free(key);
}

static void more_keys_at_once_than_there_is_room_for_are_refused(void **state)
{
    struct scene *s = *state;
    struct key *keys[17] = {NULL};
    enum err e = ERR_OK;
    size_t count = 0;

    make_pair(s, "many", "ec -pkeyopt ec_paramgen_curve:P-256");
    while (e == ERR_OK && count < 17) {
        keys[count] = open_file(s, "many");
        e = key_ready(keys[count++], NULL, s->why);
    }
    assert_int_equal(e, ERR_TOO_BIG);
    assert_int_equal(count, 17);
    key_free(keys[0]);
    assert_int_equal(key_ready(keys[16], NULL, s->why), ERR_OK);
    while (--count > 0)
        key_free(keys[count]);
    key_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_signs_as_tls_wants_it),
        cmocka_unit_test(each_kind_signs_messages_as_the_document_has_it),
        cmocka_unit_test(a_message_is_not_madeby_a_key_that_is_not_there),
        cmocka_unit_test(a_key_of_another_certificate_is_refused),
        cmocka_unit_test(a_key_may_be_exchanged_until_it_was_used),
        cmocka_unit_test(threads_sign_at_once_with_two_keys),
        cmocka_unit_test(a_signature_that_fails_says_why_and_the_next_heals),
        cmocka_unit_test(more_keys_at_once_than_there_is_room_for_are_refused),
    };

    return cmocka_run_group_tests(tests, make_scene, remove_scene);
}
