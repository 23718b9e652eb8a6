/* What can be wrong with a TPM or with the URI that names a key in it: each
 * has its own reason, a wrong PIN is offered once, and none of it is the end.
 */

#include "ports/keystore/tpm2_uri.h"
#include "token_keys.h"

static void a_tpm2_uri_is_read_to_the_letter(void **state)
{
    static const struct {
        const char *uri;
        uint32_t handle; /* 0: refused */
        const char *tcti, *pin_value, *pin_source;
    } rows[] = {
        {"tpm2:handle=0x81010001",                                     0x81010001, TPM2_URI_TCTI,                    "", ""},
        {"tpm2:handle=0x81FFffff;tcti=swtpm:host=127.0.0.1,port=2321",
         0x81ffffff,                                                               "swtpm:host=127.0.0.1,port=2321", "", ""},
        {"tpm2:tcti=a%3bb;handle=0x81000000?pin-value=4%371",          0x81000000, "a;b",
         "471",                                                                                                          ""},
        {"tpm2:handle=0x81000001?pin-source=/p&tcti=x",                0x81000001, "x",                              "",
         "/p"                                                                                                              },
        {"tpm2:",                                                      0,          "",                               "", ""},
        {"tpm2:handle=",                                               0,          "",                               "", ""},
        {"tpm2:handle=0x80000000",                                     0,          "",                               "", ""},
        {"tpm2:handle=0x82000000",                                     0,          "",                               "", ""},
        {"tpm2:handle=81010001",                                       0,          "",                               "", ""},
        {"tpm2:handle=0x",                                             0,          "",                               "", ""},
        {"tpm2:handle=0x-1",                                           0,          "",                               "", ""},
        {"tpm2:handle=0x8101000g",                                     0,          "",                               "", ""},
        {"tpm2:handle=0x181010001",                                    0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;",                                    0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;;tcti=x",                             0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;handle=0x81010001",                   0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;tcti=x;tcti=y",                       0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;tcti=",                               0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;tcti=%",                              0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;tcti=%4",                             0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;tcti=%00",                            0,          "",                               "", ""},
        {"tpm2:handle=0x81010001;color=red",                           0,          "",                               "", ""},
        {"tpm2:handle=0x81010001?pin-value=4711&pin-source=/p",        0,          "",                               "", ""},
    };
    struct scene *s = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tpm2_uri uri = {.handle = 7};
        enum err e = tpm2_uri_read(rows[i].uri, &uri, s->why);

        if ((e == ERR_OK) != (rows[i].handle != 0))
            fail_msg("%s: %s", rows[i].uri, err_name(e));
        if (e != ERR_OK) {
            SAYS(s, "unsuitable");
            assert_int_equal(uri.handle, 7);
            continue;
        }
        assert_int_equal(uri.handle, rows[i].handle);
        assert_string_equal(uri.tcti, rows[i].tcti);
        assert_string_equal(uri.pin_value, rows[i].pin_value);
        assert_string_equal(uri.pin_source, rows[i].pin_source);
    }
}

static void a_tpm2_value_that_is_too_long_is_refused(void **state)
{
    struct scene *s = *state;
    struct tpm2_uri uri;
    char text[400] = "tpm2:handle=0x81010001;tcti=";
    size_t head = strlen(text);

    memset(text + head, 'x', TPM2_URI_VALUE - 1);
    assert_int_equal(tpm2_uri_read(text, &uri, s->why), ERR_OK);
    memset(text + head, 'x', TPM2_URI_VALUE);
    assert_int_equal(tpm2_uri_read(text, &uri, s->why), ERR_INVALID);
}

static void a_tpms_pin_is_offered_once_and_healed_by_the_right_one(void **state)
{
    struct scene *s = *state;
    struct keystore *store = name_key(
        s, "tpm2:handle=0x81010100;tcti=swtpm:path=@/s;pin-source=@/pin3");

    tokens_write(&s->tokens, "pin3", "right");
    make_it(s, store);
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
    store = name_key(
        s, "tpm2:handle=0x81010100;tcti=swtpm:path=@/s;pin-source=@/pin3");
    tokens_write(&s->tokens, "pin3", "wrong");
    for (int i = 0; i < 5; i++) {
        assert_int_equal(sign_it(s, store), ERR_DENIED);
        SAYS(s, "wrong_pin");
    }
    /* Once: the TPM itself counted one. */
    assert_true(tokens_run(&s->tokens,
        "tpm2_getcap properties-variable | "
        "grep -q 'TPM2_PT_LOCKOUT_COUNTER: 0x1$'"));
    tokens_write(&s->tokens, "pin3", "right");
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
    /* A forgotten PIN counts too: the empty one is offered once. */
    store = name_key(s, "tpm2:handle=0x81010100;tcti=swtpm:path=@/s");
    for (int i = 0; i < 3; i++)
        assert_int_equal(sign_it(s, store), ERR_DENIED);
    assert_true(tokens_run(&s->tokens,
        "tpm2_getcap properties-variable | "
        "grep -q 'TPM2_PT_LOCKOUT_COUNTER: 0x2$'"));
    keystore_free(store);
    assert_true(tokens_run(&s->tokens, "tpm2_dictionarylockout -c"));
}

/* The PIN is right, the TPM does not look at it: it is not held against it. */
static void a_locked_tpm_is_told_and_signs_when_it_is_unlocked(void **state)
{
    struct scene *s = *state;
    struct keystore *store = name_key(
        s, "tpm2:handle=0x81010101;tcti=swtpm:path=@/s;pin-source=@/pin");
    struct keystore *wrong = name_key(
        s, "tpm2:handle=0x81010101;tcti=swtpm:path=@/s;pin-value=wrong");

    make_it(s, store);
    assert_true(
        tokens_run(&s->tokens, "tpm2_dictionarylockout -s -n 1 -t 99 -l 99"));
    assert_int_equal(sign_it(s, wrong), ERR_DENIED);
    keystore_free(wrong);
    assert_int_equal(sign_it(s, store), ERR_DENIED);
    assert_non_null(strstr(s->why, "wrong_pin: the TPM is locked"));
    assert_true(tokens_run(&s->tokens,
        "tpm2_dictionarylockout -c && "
        "tpm2_dictionarylockout -s -n 30 -t 9 -l 9"));
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
}

static void a_tpm_that_goes_is_told_and_signs_when_it_is_back(void **state)
{
    struct scene *s = *state;
    struct keystore *store =
        name_key(s, "tpm2:handle=0x81010200;tcti=swtpm:path=@/s");

    make_it(s, store);
    assert_int_equal(sign_it(s, store), ERR_OK);
    tokens_stop_tpm(&s->tokens);
    assert_int_equal(sign_it(s, store), ERR_AGAIN);
    SAYS(s, "token_absent");
    assert_true(tokens_start_tpm(&s->tokens));
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
}

/* make -G ... ends at a persistent handle. */
static bool make_by_hand(
    const struct scene *s, const char *kind, unsigned handle)
{
    return tokens_run(&s->tokens,
        "cd %s && tpm2_createprimary -C o -c p.ctx && "
        "tpm2_create -C p.ctx %s -u k.pub -r k.priv && tpm2_flushcontext -t && "
        "tpm2_load -C p.ctx -u k.pub -r k.priv -c k.ctx && "
        "tpm2_evictcontrol -C o -c k.ctx 0x%x && tpm2_flushcontext -t",
        s->tokens.path, kind, handle);
}

static void keys_that_a_tpm_cannot_use_for_tls_are_refused(void **state)
{
    struct scene *s = *state;
    struct keystore *store;

    assert_true(make_by_hand(s, "-G rsa2048", 0x81010300));
    store = name_key(s, "tpm2:handle=0x81010300;tcti=swtpm:path=@/s");
    assert_int_equal(open_it(s, store), ERR_UNSUPPORTED);
    SAYS(s, "unsuitable");
    keystore_free(store);
    assert_true(make_by_hand(s,
        "-G ecc256:ecdsa-sha256:null -a "
        "'fixedtpm|fixedparent|sensitivedataorigin|"
        "userwithauth|sign|restricted'",
        0x81010301));
    store = name_key(s, "tpm2:handle=0x81010301;tcti=swtpm:path=@/s");
    assert_int_equal(open_it(s, store), ERR_OK);
    assert_int_equal(sign_it(s, store), ERR_UNSUPPORTED);
    SAYS(s, "unsuitable");
    keystore_free(store);
    assert_true(make_by_hand(s,
        "-G ecc256:ecdsa-sha256 -a "
        "'sensitivedataorigin|userwithauth|sign'",
        0x81010302));
    store = name_key(s, "tpm2:handle=0x81010302;tcti=swtpm:path=@/s");
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
}

static void a_tpm_whose_owner_has_a_password_makes_and_destroys_no_key(
    void **state)
{
    struct scene *s = *state;
    struct keystore *store =
        name_key(s, "tpm2:handle=0x81010400;tcti=swtpm:path=@/s");

    assert_true(tokens_run(&s->tokens, "tpm2_changeauth -c owner secret"));
    assert_int_equal(keystore_create(store, KEYSTORE_P256, s->why), ERR_DENIED);
    assert_non_null(strstr(s->why, "owner has a password"));
    assert_true(tokens_run(&s->tokens, "tpm2_changeauth -c owner -p secret"));
    make_it(s, store);
    assert_true(tokens_run(&s->tokens, "tpm2_changeauth -c owner secret"));
    assert_int_equal(keystore_erase(store, s->why), ERR_DENIED);
    assert_non_null(strstr(s->why, "owner has a password"));
    assert_true(tokens_run(&s->tokens, "tpm2_changeauth -c owner -p secret"));
    assert_int_equal(keystore_erase(store, s->why), ERR_OK);
    keystore_free(store);
}

static void what_is_not_there_has_a_reason_each(void **state)
{
    static const struct {
        const char *uri;
        enum err e;
        const char *reason;
    } rows[] = {
        {"tpm2:handle=0x81010777;tcti=swtpm:path=@/s",    ERR_NOT_FOUND,
         "no_object: "                                                                   },
        {"tpm2:handle=0x81010777;tcti=swtpm:path=@/none", ERR_AGAIN,
         "token_absent: "                                                                },
        {"tpm2:handle=0x81010777;tcti=nonsense",          ERR_AGAIN,     "token_absent: "},
    };
    struct scene *s = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct keystore *store = name_key(s, rows[i].uri);
        enum err e = open_it(s, store);

        if (e != rows[i].e || strstr(s->why, rows[i].reason) == NULL)
            fail_msg("%zu: %s, %s", i, err_name(e), s->why);
        keystore_free(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tpm2_uri_is_read_to_the_letter),
        cmocka_unit_test(a_tpm2_value_that_is_too_long_is_refused),
        cmocka_unit_test(
            a_tpms_pin_is_offered_once_and_healed_by_the_right_one),
        cmocka_unit_test(a_locked_tpm_is_told_and_signs_when_it_is_unlocked),
        cmocka_unit_test(a_tpm_that_goes_is_told_and_signs_when_it_is_back),
        cmocka_unit_test(keys_that_a_tpm_cannot_use_for_tls_are_refused),
        cmocka_unit_test(
            a_tpm_whose_owner_has_a_password_makes_and_destroys_no_key),
        cmocka_unit_test(what_is_not_there_has_a_reason_each),
    };

    return cmocka_run_group_tests(tests, make_scene, remove_scene);
}
