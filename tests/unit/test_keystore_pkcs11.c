/* What can be wrong with a PKCS #11 token or with the URI that names a key in
 * it: each has its own reason, a wrong PIN is offered once, and none of it is
 * the end. */

#include "token_keys.h"

static void a_pkcs11_uri_that_says_too_little_or_too_much_is_refused(
    void **state)
{
    static const char *const uris[] = {
        "pkcs11:token=factory",
        "pkcs11:token=factory;object=a;type=public",
        "pkcs11:token=factory;object=a;type=nonsense",
        "pkcs11:token=factory;object=a;color=red",
        "pkcs11:token=factory;object=%zz",
        "pkcs11:object=a?module-name=softhsm2",
        "pkcs11:object=a?pin-source=|echo",
    };
    struct scene *s = *state;
    struct keystore *store;

    for (size_t i = 0; i < COUNT(uris); i++) {
        if (keystore_new(uris[i], s->why, &store) != ERR_INVALID)
            fail_msg("%s is taken", uris[i]);
        SAYS(s, "unsuitable");
        assert_null(strstr(s->why, "4711"));
    }
    store = name_key(s, "pkcs11:object=a;type=private");
    keystore_free(store);
}

static void what_is_not_there_has_a_reason_each(void **state)
{
    static const struct {
        const char *uri;
        enum err e;
        const char *reason;
    } rows[] = {
        {"pkcs11:token=factory;object=none?" MODULE "&pin-source=@/pin",
         ERR_NOT_FOUND,                                                                    "no_object: the token \"factory\""},
        {"pkcs11:token=other;object=a?" MODULE "&pin-source=@/pin",         ERR_AGAIN,
         "token_absent: "                                                                                                    },
        {"pkcs11:serial=none;object=a?" MODULE "&pin-source=@/pin",         ERR_AGAIN,
         "token_absent: "                                                                                                    },
        {"pkcs11:slot-id=99;object=a?" MODULE "&pin-source=@/pin",          ERR_AGAIN,
         "token_absent: "                                                                                                    },
        {"pkcs11:manufacturer=Nobody;object=a?" MODULE "&pin-source=@/pin",
         ERR_AGAIN,                                                                        "token_absent: "                  },
        {"pkcs11:token=factory;object=a?module-path=@/none.so",             ERR_NOT_FOUND,
         "no_module: "                                                                                                       },
        {"pkcs11:token=factory;object=a?" MODULE "&pin-source=@/none",
         ERR_NOT_FOUND,                                                                    "unreadable: cannot open "        },
        {"pkcs11:token=factory;object=a?" MODULE,                           ERR_DENIED,    "no_pin: "                        },
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

static void every_attribute_of_the_uri_narrows(void **state)
{
    struct scene *s = *state;
    struct keystore *store = name_key(s,
        "pkcs11:token=factory;object=narrow;id=%01%02?" MODULE
        "&pin-source=@/pin");

    make_it(s, store);
    keystore_free(store);
    store = name_key(s,
        "pkcs11:token=factory;manufacturer=SoftHSM%20project;"
        "model=SoftHSM%20v2;id=%01%02;type=private?" MODULE
        "&pin-source=@/pin");
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
    store = name_key(s,
        "pkcs11:token=factory;object=narrow;id=%01%03?" MODULE
        "&pin-source=@/pin");
    assert_int_equal(open_it(s, store), ERR_NOT_FOUND);
    keystore_free(store);
}

/* No module-path: p11-kit's own configuration, as Debian's packages make it. */
static void without_a_module_path_p11_kit_knows_the_modules(void **state)
{
    struct scene *s = *state;
    struct keystore *store =
        name_key(s, "pkcs11:token=factory;object=registered?pin-source=@/pin");

    make_it(s, store);
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
}

static void two_keys_or_two_tokens_of_one_name_are_not_guessed_between(
    void **state)
{
    struct scene *s = *state;
    struct keystore *store = name_key(s,
        "pkcs11:token=factory;object=twin;id=%01?" MODULE "&pin-source=@/pin");

    make_it(s, store);
    keystore_free(store);
    store = name_key(s,
        "pkcs11:token=factory;object=twin;id=%02?" MODULE "&pin-source=@/pin");
    make_it(s, store);
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
    store = name_key(
        s, "pkcs11:token=factory;object=twin?" MODULE "&pin-source=@/pin");
    assert_int_equal(open_it(s, store), ERR_CONFLICT);
    SAYS(s, "ambiguous");
    assert_int_equal(keystore_erase(store, s->why), ERR_CONFLICT);
    assert_int_equal(open_it(s, store), ERR_CONFLICT); /* both are there */
    keystore_free(store);
    assert_true(tokens_add(&s->tokens, "double"));
    assert_true(tokens_add(&s->tokens, "double"));
    store = name_key(
        s, "pkcs11:token=double;object=twin?" MODULE "&pin-source=@/pin");
    assert_int_equal(open_it(s, store), ERR_CONFLICT);
    SAYS(s, "ambiguous");
    keystore_free(store);
}

/* Each wrong login counts in the token; SoftHSM keeps the flag that says so,
 * and this reads it. */
static bool is_pin_count_low(const struct scene *s)
{
    return tokens_run(&s->tokens,
        "pkcs11-tool --module " SOFTHSM " -L | grep -A 9 'factory' | "
        "grep -q 'user PIN count low'");
}

static void a_wrong_pin_is_offered_once_and_healed_by_the_right_one(
    void **state)
{
    struct scene *s = *state;
    struct keystore *store = name_key(
        s, "pkcs11:token=factory;object=pin?" MODULE "&pin-source=@/pin");

    make_it(s, store);
    keystore_free(store);
    assert_false(is_pin_count_low(s));
    store = name_key(
        s, "pkcs11:token=factory;object=pin?" MODULE "&pin-source=@/pin2");
    tokens_write(&s->tokens, "pin2", "1234");
    assert_int_equal(sign_it(s, store), ERR_DENIED);
    SAYS(s, "wrong_pin");
    assert_true(is_pin_count_low(s));
    /* A right login elsewhere takes the count back; ours must not raise it. */
    assert_true(tokens_run(&s->tokens,
        "pkcs11-tool --module " SOFTHSM
        " --token-label factory --login --pin " PIN " -O"));
    assert_false(is_pin_count_low(s));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(sign_it(s, store), ERR_DENIED);
        SAYS(s, "wrong_pin");
        assert_int_equal(open_it(s, store), ERR_DENIED);
    }
    assert_false(is_pin_count_low(s));
    tokens_write(&s->tokens, "pin2", PIN);
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
}

static void a_token_that_goes_is_told_and_signs_when_it_is_back(void **state)
{
    struct scene *s = *state;
    struct keystore *store = name_key(
        s, "pkcs11:token=factory;object=gone?" MODULE "&pin-source=@/pin");
    const char *at = s->tokens.path;

    make_it(s, store);
    assert_int_equal(sign_it(s, store), ERR_OK);
    assert_true(tokens_run(
        &s->tokens, "mv %s/hsm %s/away && mkdir %s/hsm", at, at, at));
    assert_int_equal(sign_it(s, store), ERR_AGAIN);
    SAYS(s, "token_absent");
    assert_int_equal(sign_it(s, store), ERR_AGAIN);
    assert_true(tokens_run(
        &s->tokens, "rmdir %s/hsm && mv %s/away %s/hsm", at, at, at));
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_free(store);
}

static void an_rsa_key_in_a_token_signs_both_ways(void **state)
{
    static const struct {
        enum keystore_scheme scheme;
        psa_algorithm_t algorithm;
        size_t len;
    } rows[] = {
        {KEYSTORE_RSA_PKCS1, PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_SHA_256), 32},
        {KEYSTORE_RSA_PKCS1, PSA_ALG_RSA_PKCS1V15_SIGN(PSA_ALG_SHA_384), 48},
        {KEYSTORE_RSA_PSS,   PSA_ALG_RSA_PSS(PSA_ALG_SHA_256),           32},
        {KEYSTORE_RSA_PSS,   PSA_ALG_RSA_PSS(PSA_ALG_SHA_512),           64},
    };
    const unsigned char hash[64] = {1, 2};
    struct scene *s = *state;
    struct keystore *store;
    struct keystore_public key;

    assert_true(tokens_run(&s->tokens,
        "pkcs11-tool --module " SOFTHSM
        " --token-label factory --login --pin " PIN
        " --keypairgen --key-type rsa:2048 --label rsa --id 0a"));
    store = name_key(
        s, "pkcs11:token=factory;object=rsa?" MODULE "&pin-source=@/pin");
    assert_int_equal(keystore_open(store, &key, s->why), ERR_OK);
    assert_int_equal(key.kind, KEYSTORE_RSA);
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct keystore_job job = {rows[i].scheme, hash, rows[i].len};
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
                             rows[i].len, made.bytes, made.len),
            PSA_SUCCESS);
        (void)psa_destroy_key(id);
    }
    assert_int_equal(sign_it(s, store), ERR_UNSUPPORTED);
    keystore_free(store);
}

/* Keys that other tools make: without an id, on another curve, and one that
 * the token would let out. */
static void keys_of_other_tools_are_judged_as_they_are(void **state)
{
    struct scene *s = *state;
    struct keystore_place place;
    struct keystore *store;

    assert_true(tokens_run(&s->tokens,
        "pkcs11-tool --module " SOFTHSM
        " --token-label factory --login --pin " PIN
        " --keypairgen --key-type EC:secp521r1 --label big"));
    store = name_key(
        s, "pkcs11:token=factory;object=big?" MODULE "&pin-source=@/pin");
    assert_int_equal(open_it(s, store), ERR_UNSUPPORTED);
    SAYS(s, "unsuitable");
    keystore_free(store);
    assert_true(tokens_run(&s->tokens,
        "pkcs11-tool --module " SOFTHSM
        " --token-label factory --login --pin " PIN
        " --keypairgen --key-type EC:prime256v1 --label bare "
        "--extractable"));
    store = name_key(
        s, "pkcs11:token=factory;object=bare?" MODULE "&pin-source=@/pin");
    assert_int_equal(sign_it(s, store), ERR_OK);
    keystore_place(store, &place);
    assert_true(place.exportable);
    assert_non_null(strstr(place.words, "lets it out"));
    keystore_free(store);
}

static void a_token_without_the_public_half_is_told(void **state)
{
    struct scene *s = *state;
    struct keystore *store = name_key(
        s, "pkcs11:token=factory;object=half?" MODULE "&pin-source=@/pin");

    make_it(s, store);
    assert_true(tokens_run(&s->tokens,
        "pkcs11-tool --module " SOFTHSM
        " --token-label factory --login --pin " PIN
        " --delete-object --type pubkey --label half"));
    assert_int_equal(open_it(s, store), ERR_NOT_FOUND);
    SAYS(s, "no_object");
    assert_non_null(strstr(s->why, "public half"));
    assert_int_equal(keystore_erase(store, s->why), ERR_OK);
    make_it(s, store);
    assert_true(tokens_run(&s->tokens,
        "pkcs11-tool --module " SOFTHSM
        " --token-label factory --login --pin " PIN
        " --delete-object --type privkey --label half"));
    assert_int_equal(keystore_erase(store, s->why), ERR_OK);
    assert_int_equal(keystore_erase(store, s->why), ERR_NOT_FOUND);
    keystore_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_pkcs11_uri_that_says_too_little_or_too_much_is_refused),
        cmocka_unit_test(what_is_not_there_has_a_reason_each),
        cmocka_unit_test(every_attribute_of_the_uri_narrows),
        cmocka_unit_test(without_a_module_path_p11_kit_knows_the_modules),
        cmocka_unit_test(
            two_keys_or_two_tokens_of_one_name_are_not_guessed_between),
        cmocka_unit_test(
            a_wrong_pin_is_offered_once_and_healed_by_the_right_one),
        cmocka_unit_test(a_token_that_goes_is_told_and_signs_when_it_is_back),
        cmocka_unit_test(an_rsa_key_in_a_token_signs_both_ways),
        cmocka_unit_test(keys_of_other_tools_are_judged_as_they_are),
        cmocka_unit_test(a_token_without_the_public_half_is_told),
    };

    return cmocka_run_group_tests(tests, make_scene, remove_scene);
}
