/* A PKCS #11 token in moods that SoftHSM does not know: about to lock, locked,
 * without a PIN, forgetful, or not answering. */

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "cmocka_all.h"
#include "fake_pkcs11.h"
#include "ports/keystore/keystore.h"
#include "ports/keystore/load.h"

#define MODULE NAMEPLATE_BINARY_DIR "/lib/fake_pkcs11.so"
#define URI    "pkcs11:token=fake;object=x?pin-value=4711&module-path=" MODULE

static void *library;
static struct fake_pkcs11 *fake;
static char why[KEYSTORE_WHY];

static int find_fake(void **state)
{
    (void)state;
    library = dlopen(MODULE, RTLD_NOW);
    fake = library == NULL ? NULL : dlsym(library, FAKE_CONTROLS);
    return fake == NULL;
}

static int leave_fake(void **state)
{
    (void)state;
    return dlclose(library);
}

static int calm_down(void **state)
{
    (void)state;
    memset(fake, 0, sizeof(*fake));
    fake->token_flags = CKF_LOGIN_REQUIRED;
    return 0;
}

static struct keystore *name_key(const char *uri)
{
    struct keystore *store = NULL;

    assert_int_equal(keystore_new(uri, why, &store), ERR_OK);
    return store;
}

static enum err sign_it(struct keystore *store)
{
    const unsigned char hash[32] = {1};
    const struct keystore_job job = {KEYSTORE_ECDSA, hash, sizeof(hash)};
    struct keystore_signature made;

    return keystore_sign(store, &job, &made, why);
}

static void a_token_that_destroys_nothing_is_told(void **state)
{
    struct keystore *store = name_key(URI);

    (void)state;
    assert_int_equal(keystore_erase(store, why), ERR_IO);
    assert_non_null(strstr(why, "token_failed: the token could not destroy"));
    fake->login = CKR_PIN_INCORRECT;
    assert_int_equal(keystore_erase(store, why), ERR_DENIED);
    keystore_free(store);
}

static void the_last_try_of_a_pin_is_never_used(void **state)
{
    struct keystore *store = name_key(URI);

    (void)state;
    fake->token_flags |= CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sign_it(store), ERR_DENIED);
        assert_non_null(strstr(why, "wrong_pin: one wrong PIN more"));
    }
    assert_int_equal(fake->logins, 0);
    /* Somebody has logged in by hand; a low count alone is no reason. */
    fake->token_flags = CKF_LOGIN_REQUIRED | CKF_USER_PIN_COUNT_LOW;
    assert_int_equal(sign_it(store), ERR_OK);
    assert_int_equal(fake->logins, 1);
    keystore_free(store);
}

static void a_locked_token_is_told_and_usable_once_it_is_unlocked(void **state)
{
    struct keystore *store = name_key(URI);

    (void)state;
    fake->token_flags |= CKF_USER_PIN_LOCKED;
    assert_int_equal(sign_it(store), ERR_DENIED);
    assert_non_null(strstr(why, "wrong_pin: the token has locked its PIN"));
    assert_int_equal(fake->logins, 0);
    fake->token_flags = CKF_LOGIN_REQUIRED; /* it does not tell by a flag */
    fake->login = CKR_PIN_LOCKED;
    assert_int_equal(sign_it(store), ERR_DENIED);
    fake->login = CKR_OK;
    assert_int_equal(sign_it(store), ERR_OK);
    keystore_free(store);
}

static void each_refusal_of_a_pin_is_final_for_that_pin(void **state)
{
    static const CK_RV refusals[] = {
        CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_EXPIRED};

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct keystore *store = name_key(URI);

        fake->logins = 0;
        fake->login = refusals[i];
        for (int n = 0; n < 3; n++)
            assert_int_equal(sign_it(store), ERR_DENIED);
        assert_int_equal(fake->logins, 1);
        keystore_free(store);
    }
}

static void a_login_that_fails_for_another_reason_is_tried_again(void **state)
{
    struct keystore *store = name_key(URI);

    (void)state;
    fake->login = CKR_DEVICE_ERROR;
    assert_int_equal(sign_it(store), ERR_IO);
    assert_non_null(strstr(why, "token_failed: the token could not log in"));
    fake->login = CKR_USER_ALREADY_LOGGED_IN;
    assert_int_equal(sign_it(store), ERR_OK);
    keystore_free(store);
}

static void a_token_that_wants_no_pin_gets_none(void **state)
{
    struct keystore *store =
        name_key("pkcs11:token=fake;object=x?module-path=" MODULE);

    (void)state;
    assert_int_equal(sign_it(store), ERR_DENIED);
    assert_non_null(strstr(why, "no_pin: "));
    fake->token_flags = 0;
    assert_int_equal(sign_it(store), ERR_OK);
    assert_int_equal(fake->logins, 0);
    keystore_free(store);
}

static void a_session_that_broke_is_opened_again_at_once(void **state)
{
    static const CK_RV faults[] = {CKR_SESSION_HANDLE_INVALID,
        CKR_SESSION_CLOSED, CKR_USER_NOT_LOGGED_IN, CKR_DEVICE_REMOVED,
        CKR_OBJECT_HANDLE_INVALID, CKR_CRYPTOKI_NOT_INITIALIZED};
    struct keystore *store = name_key(URI);

    (void)state;
    assert_int_equal(sign_it(store), ERR_OK);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        fake->sessions = fake->signs = 0;
        fake->sign = faults[i];
        assert_int_equal(sign_it(store), ERR_OK);
        assert_int_equal(fake->sessions, 1);
        assert_int_equal(fake->signs, 2);
    }
    /* Once is enough: what a fresh session cannot do is told. */
    keystore_close(store);
    fake->sign = CKR_DEVICE_REMOVED;
    assert_int_equal(sign_it(store), ERR_AGAIN);
    assert_non_null(strstr(why, "token_absent: "));
    keystore_free(store);
}

static void a_hash_longer_than_the_curve_is_cut_before_the_token(void **state)
{
    const unsigned char hash[64] = {1};
    struct keystore *store = name_key(URI);
    struct keystore_signature made;

    (void)state;
    for (size_t len = 32; len <= sizeof(hash); len += 16) {
        const struct keystore_job job = {KEYSTORE_ECDSA, hash, len};

        assert_int_equal(keystore_sign(store, &job, &made, why), ERR_OK);
    }
    keystore_free(store);
}

static void a_point_without_its_wrapping_is_understood(void **state)
{
    struct keystore *wrapped = name_key(URI), *bare = name_key(URI);
    struct keystore_public a, b;

    (void)state;
    assert_int_equal(keystore_open(wrapped, &a, why), ERR_OK);
    fake->bare_point = 1;
    assert_int_equal(keystore_open(bare, &b, why), ERR_OK);
    assert_int_equal(a.len, 65);
    assert_int_equal(b.len, 65);
    assert_memory_equal(a.bytes, b.bytes, a.len);
    keystore_free(wrapped);
    keystore_free(bare);
}

static void *sign_on_thread(void *store)
{
    static enum err e;

    e = sign_it(store);
    return &e;
}

static void a_token_that_hangs_holds_up_nobody_for_ever(void **state)
{
    struct keystore *store = name_key(URI);
    struct keystore_public key;
    struct keystore_place place;
    char reason[KEYSTORE_WHY];
    pthread_t thread;
    void *result;

    (void)state;
    assert_false(keystore_is_busy(store));
    atomic_store(&fake->hangs, 1);
    assert_int_equal(pthread_create(&thread, NULL, sign_on_thread, store), 0);
    while (!keystore_is_busy(store)) {
    }
    keystore_place(store, &place); /* the loop may ask at any time */
    assert_string_equal(place.kind, "pkcs11");
    assert_int_equal(keystore_open(store, &key, reason), ERR_AGAIN);
    assert_non_null(strstr(reason, "token_failed: the token does not answer"));
    atomic_store(&fake->hangs, 0);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_int_equal(*(enum err *)result, ERR_OK);
    assert_int_equal(keystore_open(store, &key, reason), ERR_OK);
    assert_false(keystore_is_busy(store));
    keystore_free(store);
}

static void a_library_that_is_missing_or_too_old_is_told(void **state)
{
    static const struct load_symbol known[] = {
        {"C_GetFunctionList", 0}
    };
    static const struct load_symbol unknown[] = {
        {"C_GetFunctionList", 0},
        {"C_GetNothing",      0},
    };
    struct load none = {.soname = "libnone.so.0", .package = "libnone0"};
    struct load old = {
        .soname = MODULE, .package = "fake", .symbols = unknown, .count = 2};
    void *function = NULL;

    (void)state;
    assert_int_equal(load_library(&none, &function, why), ERR_NOT_FOUND);
    assert_non_null(strstr(why, "no_module: "));
    assert_non_null(strstr(why, "apt-get install libnone0"));
    assert_int_equal(load_library(&old, &function, why), ERR_UNSUPPORTED);
    assert_non_null(strstr(why, "has no C_GetNothing"));
    old.symbols = known;
    old.count = 1;
    assert_int_equal(load_library(&old, &function, why), ERR_OK);
    assert_ptr_equal(function, dlsym(library, "C_GetFunctionList"));
}

#define CALMLY(test) cmocka_unit_test_setup(test, calm_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALMLY(a_token_that_destroys_nothing_is_told),
        CALMLY(the_last_try_of_a_pin_is_never_used),
        CALMLY(a_locked_token_is_told_and_usable_once_it_is_unlocked),
        CALMLY(each_refusal_of_a_pin_is_final_for_that_pin),
        CALMLY(a_login_that_fails_for_another_reason_is_tried_again),
        CALMLY(a_token_that_wants_no_pin_gets_none),
        CALMLY(a_session_that_broke_is_opened_again_at_once),
        CALMLY(a_hash_longer_than_the_curve_is_cut_before_the_token),
        CALMLY(a_point_without_its_wrapping_is_understood),
        CALMLY(a_library_that_is_missing_or_too_old_is_told),
        CALMLY(a_token_that_hangs_holds_up_nobody_for_ever),
    };

    return cmocka_run_group_tests(tests, find_fake, leave_fake);
}
