/* A key in a file: who may read it, what is accepted, and that no core dump can
 * hold it.  The linker puts `__wrap_psa_sign_hash` between the key store and
 * mbedTLS, to look at the process while it signs. */

#include <psa/crypto.h>
#include <stdbool.h>
#include <sys/prctl.h>

#include "cmocka_all.h"
#include "memory_scan.h"
#include "ports/keystore/keystore.h"
#include "ports/keystore/pin.h"
#include "ports/keystore/secret.h"
#include "token_world.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int dumpable_while_signing;

psa_status_t __real_psa_sign_hash(mbedtls_svc_key_id_t key, psa_algorithm_t alg,
    const uint8_t *hash, size_t hash_length, uint8_t *signature,
    size_t signature_size, size_t *signature_length);
psa_status_t __wrap_psa_sign_hash(mbedtls_svc_key_id_t key, psa_algorithm_t alg,
    const uint8_t *hash, size_t hash_length, uint8_t *signature,
    size_t signature_size, size_t *signature_length);

psa_status_t __wrap_psa_sign_hash(mbedtls_svc_key_id_t key, psa_algorithm_t alg,
    const uint8_t *hash, size_t hash_length, uint8_t *signature,
    size_t signature_size, size_t *signature_length)
{
    dumpable_while_signing = prctl(PR_GET_DUMPABLE);
    return __real_psa_sign_hash(key, alg, hash, hash_length, signature,
        signature_size, signature_length);
}

struct scene {
    struct tokens tokens; /* its folder only */
    char uri[200];
    char why[KEYSTORE_WHY];
};

static int make_scene(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));

    *state = s;
    if (s == NULL)
        return 1;
    s->tokens = (struct tokens){.path = "/tmp/nameplate-file-XXXXXX"};
    return mkdtemp(s->tokens.path) == NULL || psa_crypto_init() != PSA_SUCCESS;
}

static int remove_scene(void **state)
{
    tokens_remove(&((struct scene *)*state)->tokens);
    free(*state);
    return 0;
}

static struct keystore *name_file(struct scene *s, const char *name)
{
    struct keystore *store = NULL;

    (void)snprintf(s->uri, sizeof(s->uri), "file:%s/%s", s->tokens.path, name);
    assert_int_equal(keystore_new(s->uri, s->why, &store), ERR_OK);
    return store;
}

/* Open the file; its reason stays in s->why. */
static enum err look_at(struct scene *s, const char *name)
{
    struct keystore *store = name_file(s, name);
    struct keystore_public key;
    enum err e = keystore_open(store, &key, s->why);

    keystore_free(store);
    return e;
}

static enum err make_file(struct scene *s, const char *name)
{
    struct keystore *store = name_file(s, name);
    enum err e = keystore_create(store, KEYSTORE_P256, s->why);

    keystore_free(store);
    return e;
}

static void a_new_file_is_for_its_owner_alone(void **state)
{
    struct scene *s = *state;
    struct stat st;

    (void)umask(0);
    assert_int_equal(make_file(s, "own.key"), ERR_OK);
    assert_int_equal(stat(s->uri + 5, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(make_file(s, "none/own.key"), ERR_NOT_FOUND);
    assert_non_null(strstr(s->why, "token_failed: cannot make "));
}

static void a_file_that_others_can_read_is_refused(void **state)
{
    static const unsigned modes[] = {0640, 0604, 0660, 0611, 0602};
    struct scene *s = *state;

    assert_int_equal(make_file(s, "mode.key"), ERR_OK);
    for (size_t i = 0; i < COUNT(modes); i++) {
        assert_int_equal(chmod(s->uri + 5, modes[i]), 0);
        assert_int_equal(look_at(s, "mode.key"), ERR_DENIED);
        assert_non_null(strstr(s->why, "others can read the key"));
        assert_non_null(strstr(s->why, "chmod 600 "));
    }
    assert_int_equal(chmod(s->uri + 5, 0400), 0);
    assert_int_equal(look_at(s, "mode.key"), ERR_OK);
}

static void what_is_no_key_of_ours_is_told(void **state)
{
    static const struct {
        const char *command; /* makes the file named behind it */
        enum err e;
        const char *why;
    } rows[] = {
        {"true",                                                                ERR_NOT_FOUND, "No such file"      },
        {"mkdir",                                                               ERR_INVALID,   "is not a file"     },
        {"mkfifo -m 600",                                                       ERR_INVALID,   "is not a file"     },
        {"install -m 600 /dev/null",                                            ERR_INVALID,   "not a private key" },
        {"openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 "
         "-aes128 -pass pass:x -out",                                  ERR_INVALID,   "not encrypted"     },
        {"openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-521 -out",
         ERR_INVALID,                                                                          "not a private key" },
        {"openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1024 -out",
         ERR_UNSUPPORTED,                                                                      "at least 2048 bits"},
        {"dd if=/dev/zero count=40 status=none of=",                            ERR_TOO_BIG,   "too long"          },
    };
    struct scene *s = *state;

    (void)umask(077);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool joined = rows[i].command[strlen(rows[i].command) - 1] == '=';
        char name[20];

        (void)snprintf(name, sizeof(name), "no%zu.key", i);
        assert_true(tokens_run(&s->tokens, "%s%s%s/%s", rows[i].command,
            joined ? "" : " ", s->tokens.path, name));
        assert_int_equal(look_at(s, name), rows[i].e);
        if (strstr(s->why, rows[i].why) == NULL)
            fail_msg("%zu: %s", i, s->why);
    }
}

static void sign_once(
    struct scene *s, struct keystore *store, enum keystore_scheme scheme)
{
    const unsigned char hash[32] = {1, 2, 3};
    const struct keystore_job job = {scheme, hash, sizeof(hash)};
    struct keystore_signature made;

    assert_int_equal(keystore_sign(store, &job, &made, s->why), ERR_OK);
}

static void rsa_signs_both_ways(void **state)
{
    static const struct {
        enum keystore_scheme scheme;
        psa_algorithm_t algorithm;
    } rows[] = {
        {KEYSTORE_RSA_PKCS1, PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_SHA_256)},
        {KEYSTORE_RSA_PSS,   PSA_ALG_RSA_PSS(PSA_ALG_SHA_256)          },
    };
    const unsigned char hash[32] = {1, 2, 3};
    struct scene *s = *state;
    struct keystore *store;
    struct keystore_public key;

    assert_true(tokens_run(&s->tokens,
        "umask 077; openssl genpkey -algorithm rsa -out %s/rsa.key",
        s->tokens.path));
    store = name_file(s, "rsa.key");
    assert_int_equal(keystore_open(store, &key, s->why), ERR_OK);
    assert_int_equal(key.kind, KEYSTORE_RSA);
    assert_int_equal(key.bits, 2048);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct keystore_job job = {rows[i].scheme, hash, sizeof(hash)};
        psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
        struct keystore_signature made;
        psa_key_id_t id;

        assert_int_equal(keystore_sign(store, &job, &made, s->why), ERR_OK);
        psa_set_key_type(&a, PSA_KEY_TYPE_RSA_PUBLIC_KEY);
        psa_set_key_usage_flags(&a, PSA_KEY_USAGE_VERIFY_HASH);
        psa_set_key_algorithm(&a, rows[i].algorithm);
        assert_int_equal(
            psa_import_key(&a, key.bytes, key.len, &id), PSA_SUCCESS);
        assert_int_equal(psa_verify_hash(id, rows[i].algorithm, hash,
                             sizeof(hash), made.bytes, made.len),
            PSA_SUCCESS);
        (void)psa_destroy_key(id);
    }
    keystore_free(store);
}

static void a_file_exchanged_under_us_is_not_taken_for_the_first(void **state)
{
    struct scene *s = *state;
    struct keystore *store;
    struct keystore_public key;
    const unsigned char hash[32] = {1};
    const struct keystore_job job = {KEYSTORE_ECDSA, hash, sizeof(hash)};
    struct keystore_signature made;

    assert_int_equal(make_file(s, "first.key"), ERR_OK);
    store = name_file(s, "first.key");
    assert_int_equal(keystore_open(store, &key, s->why), ERR_OK);
    assert_true(tokens_run(
        &s->tokens, "cd %s && mv first.key kept.key", s->tokens.path));
    assert_int_equal(make_file(s, "first.key"), ERR_OK);
    keystore_close(store);
    assert_int_equal(keystore_sign(store, &job, &made, s->why), ERR_CONFLICT);
    assert_non_null(strstr(s->why, "another_key: "));
    assert_true(tokens_run(
        &s->tokens, "cd %s && mv kept.key first.key", s->tokens.path));
    sign_once(s, store, KEYSTORE_ECDSA);
    keystore_free(store);
}

static void no_core_is_dumped_while_it_signs(void **state)
{
    struct scene *s = *state;
    struct keystore *store;

    (void)prctl(PR_SET_DUMPABLE, 1);
    assert_int_equal(make_file(s, "core.key"), ERR_OK);
    store = name_file(s, "core.key");
    dumpable_while_signing = -1;
    sign_once(s, store, KEYSTORE_ECDSA);
    assert_int_equal(dumpable_while_signing, 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
    secret_hold(); /* another thread signs meanwhile */
    sign_once(s, store, KEYSTORE_ECDSA);
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    secret_release();
    assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
    keystore_free(store);
}

/* The kernel's flags of the page that `at` lies in, as in /proc/PID/smaps. */
static void flags_of(const void *at, char flags[200])
{
    FILE *f = fopen("/proc/self/smaps", "r");
    char line[400];
    bool here = false;

    flags[0] = '\0';
    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        unsigned long from, to;

        if (scan_area(line, &from, &to) != NULL)
            here = (unsigned long)at >= from && (unsigned long)at < to;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            (void)snprintf(flags, 200, "%.199s", line);
    }
    if (f != NULL)
        (void)fclose(f);
}

static void a_secret_is_in_no_dump_and_in_no_child(void **state)
{
    struct secret *secret = secret_new();
    char flags[200];
    int status = -1;
    pid_t child;

    (void)state;
    assert_non_null(secret);
    flags_of(state, flags); /* the twin: any other memory */
    assert_null(strstr(flags, " dd"));
    flags_of(secret_bytes(secret), flags);
    assert_non_null(strstr(flags, " dd"));
    secret_bytes(secret)[0] = 's';
    child = fork();
    if (child == 0)
        _exit(secret_bytes(secret)[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    secret_free(secret);
}

/* Twin: a key that PSA holds is found in memory by its number. */
static void the_scan_finds_a_key_that_is_there(const struct needle *number)
{
    psa_key_attributes_t a = PSA_KEY_ATTRIBUTES_INIT;
    unsigned char bytes[32];
    psa_key_id_t id;

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = number->masked[i] ^ NEEDLE_MASK;
    psa_set_key_type(&a, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
    assert_int_equal(
        psa_import_key(&a, bytes, sizeof(bytes), &id), PSA_SUCCESS);
    explicit_bzero(bytes, sizeof(bytes));
    assert_int_equal(scan_memory(number), 1);
    assert_int_equal(psa_destroy_key(id), PSA_SUCCESS);
    assert_int_equal(scan_memory(number), 0);
}

/* PKCS #8 of P-256 as OpenSSL writes it: the number begins at byte 36. */
static void memory_has_the_file_once_and_the_number_never(void **state)
{
    struct scene *s = *state;
    struct needle text, number, reversed;
    struct keystore_public key;
    struct keystore *store;
    char der[120];

    assert_true(tokens_run(&s->tokens,
        "cd %s && umask 077 && openssl genpkey -algorithm ec -pkeyopt "
        "ec_paramgen_curve:P-256 -out scan.key && "
        "openssl pkey -in scan.key -outform DER -out scan.der",
        s->tokens.path));
    (void)snprintf(der, sizeof(der), "%s/scan.der", s->tokens.path);
    number = needle_of(der, 36, 32, false);
    reversed = needle_of(der, 36, 32, true);
    store = name_file(s, "scan.key");
    text = needle_of(s->uri + 5, 100, 50, false);
    assert_int_equal(scan_memory(&text), 0);
    assert_int_equal(keystore_open(store, &key, s->why), ERR_OK);
    sign_once(s, store, KEYSTORE_ECDSA);
    assert_int_equal(scan_memory(&text), 1);
    assert_int_equal(scan_memory(&number), 0);
    assert_int_equal(scan_memory(&reversed), 0);
    keystore_close(store);
    assert_int_equal(scan_memory(&text), 0);
    sign_once(s, store, KEYSTORE_ECDSA);
    keystore_free(store);
    assert_int_equal(scan_memory(&text), 0);
    the_scan_finds_a_key_that_is_there(&number);
}

static void a_refused_pin_is_not_offered_again_but_another_is(void **state)
{
    struct scene *s = *state;
    const unsigned char *bytes;
    size_t len;
    char path[100];
    struct pin *pin;

    tokens_write(&s->tokens, "pin", "1234\r\n");
    (void)snprintf(path, sizeof(path), "file:%s/pin", s->tokens.path);
    pin = pin_new(NULL, path);
    assert_true(pin_is_given(pin));
    assert_int_equal(pin_read(pin, s->why, &bytes, &len), ERR_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(bytes, "1234", 4);
    pin_forget(pin); /* it was right: it may be read again */
    assert_int_equal(pin_read(pin, s->why, &bytes, &len), ERR_OK);
    pin_refuse(pin);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pin_read(pin, s->why, &bytes, &len), ERR_DENIED);
        assert_non_null(strstr(s->why, "wrong_pin: "));
        assert_null(strstr(s->why, "1234"));
    }
    tokens_write(&s->tokens, "pin", "12345\n");
    assert_int_equal(pin_read(pin, s->why, &bytes, &len), ERR_OK);
    assert_int_equal(len, 5);
    assert_int_equal(chmod(path + 5, 0640), 0);
    assert_int_equal(pin_read(pin, s->why, &bytes, &len), ERR_DENIED);
    assert_non_null(strstr(s->why, "others can read the PIN"));
    pin_free(pin);
    pin = pin_new("77", NULL);
    assert_int_equal(pin_read(pin, s->why, &bytes, &len), ERR_OK);
    pin_refuse(pin);
    assert_int_equal(pin_read(pin, s->why, &bytes, &len), ERR_DENIED);
    pin_free(pin);
}

static void a_uri_that_names_nothing_is_refused(void **state)
{
    struct scene *s = *state;
    struct keystore *store;

    assert_int_equal(keystore_new("file:", s->why, &store), ERR_INVALID);
    assert_int_equal(keystore_new("/key.pem", s->why, &store), ERR_UNSUPPORTED);
    assert_int_equal(
        keystore_new("pkcs12:pin-value=4711", s->why, &store), ERR_UNSUPPORTED);
    assert_null(strstr(s->why, "4711"));
    keystore_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_is_for_its_owner_alone),
        cmocka_unit_test(a_file_that_others_can_read_is_refused),
        cmocka_unit_test(what_is_no_key_of_ours_is_told),
        cmocka_unit_test(rsa_signs_both_ways),
        cmocka_unit_test(a_file_exchanged_under_us_is_not_taken_for_the_first),
        cmocka_unit_test(no_core_is_dumped_while_it_signs),
        cmocka_unit_test(a_secret_is_in_no_dump_and_in_no_child),
        cmocka_unit_test(memory_has_the_file_once_and_the_number_never),
        cmocka_unit_test(a_refused_pin_is_not_offered_again_but_another_is),
        cmocka_unit_test(a_uri_that_names_nothing_is_refused),
    };

    return cmocka_run_group_tests(tests, make_scene, remove_scene);
}
