/* The Host Identity Tag: RFC 7343 section 2, RFC 7401 sections 3.2 and 5.2.9.
 */

#include <mbedtls/pk.h>
#include <psa/crypto.h>
#include <string.h>

#include "cmocka_all.h"
#include "hex.h"
#include "identity/hit.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Moduli of two HIPv2 hosts in the field, with the tags they use. */
#define EXPONENT "010001"
#define MODULUS_2048                                                           \
    "dab7516baf5ed33cae1cd4b0109a1f212d6470fac6f16df690c5d9be9276e81179c4"     \
    "9107f0b74db909420070ee3d7d386900d4b02646c5b5e662888d16282f6f8b1e9f91"     \
    "f4a3d43bb8c5de1c0955c6d965c4003c62763e819e4540788736107db0c4fe946bbb"     \
    "8d43caf4ad3c09cd5128a30833c645abe41ea258d758824ea8996a0046bfb41b569c"     \
    "506965d10771048684206e3c80a08029c37efb9a748941488ef34afc809a14e16848"     \
    "b945dbc763e8402b756c90d5c548c0ca55bf7201eb6d5ba7591baa8dbbd0885cd6d6"     \
    "89ed574f7f97dc341b902fec83fc60695ef50595a402914b66a36f6a73706f2bd558"     \
    "fc9c004a519477688aeae4b0350443661487"
#define HIT_2048 "2001:21:1010:fb60:685e:ada0:17cf:5987"
#define MODULUS_1024                                                           \
    "e1163abf4b7b2d0df84accfc0bacfbcac3f67b1eb0941f7160ee27086e77671b0c55"     \
    "518a8745e1566e108cbf2c9e4dddd9325c7c2f0a7c53070600840a3d6ae974436e1e"     \
    "d78bc5de6c3eae240f4fd4a473cd06ab41ded159eff126a3053c4043724d80ad9f45"     \
    "6a86ced6e1bdf22f252ee15552a52525bac5349ffc18c37b51a5"
#define HIT_1024 "2001:21:17ff:234:b200:ad27:767:f466"

/* SubjectPublicKeyInfo around a modulus. */
#define SPKI_2048                                                              \
    "30820122300d06092a864886f70d01010105000382010f003082010a02820101"         \
    "00" MODULUS_2048 "0203" EXPONENT
#define SPKI_1024                                                              \
    "30819f300d06092a864886f70d010101050003818d0030818902818100" MODULUS_1024  \
    "0203" EXPONENT

#define POINT_256                                                              \
    "914ddb33fc679432ca2944774da5f71540a200281290a66861cc8b2e5eb0fccb"         \
    "182fcd07a6207b83e34c1c17302305a31152e6913a424ee53f0e43edb04154c3"
#define SPKI_256                                                               \
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004" POINT_256
#define HIT_256 "2001:22:d8d1:235b:c0ee:cd63:fe8d:d1df"
#define SPKI_384                                                               \
    "3076301006072a8648ce3d020106052b8104002203620004"                         \
    "151a3a9a2890431ed929f2fc36a9754360214bf541454f94065b1934c93a0656"         \
    "35f7867234f75f55b1f5b7ea44fb7a9a561492476f5ee1ad227f21c9e30712dd"         \
    "8bf3ccbac4c4e71c4f60f55a5318065068121d18bc8814be070ff5536b141538"
#define HIT_384 "2001:22:f3c7:927d:512d:7b40:16d6:8001"

static void assert_hit(const struct hit *hit, const char *expected)
{
    char text[HIT_TEXT_SIZE];

    hit_text(hit, text);
    assert_string_equal(text, expected);
}

static void hosts_in_the_field_have_the_tags_we_make(void **state)
{
    static const struct {
        const char *identity, *hit;
    } table[] = {
        {"03" EXPONENT MODULUS_2048, HIT_2048},
        {"03" EXPONENT MODULUS_1024, HIT_1024},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct hit hit;
        struct hex_bytes v = hex_read(table[i].identity);

        assert_int_equal(
            hit_make(HIT_RSA_SHA256, v.bytes, v.len, &hit), ERR_OK);
        assert_hit(&hit, table[i].hit);
        /* Twins: another suite, another byte. */
        assert_int_equal(
            hit_make(HIT_ECDSA_SHA384, v.bytes, v.len, &hit), ERR_OK);
        assert_int_equal(hit.bytes[3], 0x22);
        v.bytes[v.len - 1] ^= 1;
        assert_int_equal(
            hit_make(HIT_RSA_SHA256, v.bytes, v.len, &hit), ERR_OK);
        assert_int_equal(hit.bytes[3], 0x21);
        assert_int_not_equal(
            hit.bytes[4] << 8 | hit.bytes[5], i == 0 ? 0x1010 : 0x17ff);
    }
}

static void a_suite_that_is_not_there_is_refused(void **state)
{
    struct hit hit;

    (void)state;
    for (int suite = 0; suite < 16; suite++)
        if (suite != HIT_RSA_SHA256 && suite != HIT_ECDSA_SHA384)
            assert_int_equal(hit_make((enum hit_suite)suite,
                                 (const unsigned char *)"identity", 8, &hit),
                ERR_INVALID);
}

static void each_kind_of_key_has_its_tag(void **state)
{
    static const struct {
        const char *spki, *hit;
    } table[] = {
        {SPKI_2048, HIT_2048},
        {SPKI_1024, HIT_1024},
        {SPKI_256,  HIT_256 },
        {SPKI_384,  HIT_384 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        mbedtls_pk_context key;
        struct hit hit;
        struct hex_bytes v = hex_read(table[i].spki);

        mbedtls_pk_init(&key);
        assert_int_equal(mbedtls_pk_parse_public_key(&key, v.bytes, v.len), 0);
        assert_int_equal(hit_of_key(&key, &hit), ERR_OK);
        assert_hit(&hit, table[i].hit);
        mbedtls_pk_free(&key);
    }
}

static void the_octets_of_a_point_have_no_format_in_front(void **state)
{
    struct hit hit;
    struct hex_bytes v = hex_read("0001" POINT_256);

    (void)state;
    assert_int_equal(hit_make(HIT_ECDSA_SHA384, v.bytes, v.len, &hit), ERR_OK);
    assert_hit(&hit, HIT_256);
    v = hex_read("000104" POINT_256);
    assert_int_equal(hit_make(HIT_ECDSA_SHA384, v.bytes, v.len, &hit), ERR_OK);
    assert_hit(&hit, "2001:22:1ab4:dd39:974d:f926:b881:12fc");
}

static void a_key_without_a_suite_has_no_tag(void **state)
{
    mbedtls_pk_context key;
    struct hit hit;

    (void)state;
    mbedtls_pk_init(&key);
    assert_int_equal(hit_of_key(&key, &hit), ERR_UNSUPPORTED);
    assert_int_equal(
        mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)), 0);
    assert_int_equal(hit_of_key(&key, &hit), ERR_UNSUPPORTED); /* empty */
    mbedtls_pk_free(&key);
    assert_int_equal(
        mbedtls_pk_setup(&key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    assert_int_equal(hit_of_key(&key, &hit), ERR_UNSUPPORTED);
    assert_int_equal(
        mbedtls_ecp_group_load(&mbedtls_pk_ec(key)->MBEDTLS_PRIVATE(grp),
            MBEDTLS_ECP_DP_CURVE25519),
        0);
    assert_int_equal(hit_of_key(&key, &hit), ERR_UNSUPPORTED);
    mbedtls_pk_free(&key);
}

static void a_tag_is_written_as_addresses_are(void **state)
{
    static const struct {
        const char *given, *written;
    } table[] = {
        {HIT_2048,                                  HIT_2048             },
        {"2001:0021:17FF:0234:B200:AD27:0767:F466", HIT_1024             },
        {"2001:20:0:0:0:0:0:1",                     "2001:20::1"         },
        {"2001:2f:0:1:0:0:0:0",                     "2001:2f:0:1::"      },
        {"2001:22:1:0:0:1:0:0",                     "2001:22:1::1:0:0"   },
        {"2001:22:1:0:1:1:1:1",                     "2001:22:1:0:1:1:1:1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct hit hit, again;

        assert_int_equal(hit_parse(table[i].given, &hit), ERR_OK);
        assert_hit(&hit, table[i].written);
        assert_int_equal(hit_parse(table[i].written, &again), ERR_OK);
        assert_true(hit_equal(&hit, &again));
        again.bytes[HIT_SIZE - 1] ^= 1;
        assert_false(hit_equal(&hit, &again));
    }
}

static void what_is_no_tag_is_refused_and_changes_nothing(void **state)
{
    static const char *const table[] = {"", "2001", "2001:10::1", "2001:30::1",
        "2001:1f::", "2001:120::1", "fe80::1", "::1", "192.0.2.1",
        "[2001:21::1]", "2001:21::1/28", " 2001:21::1", "2001:21::1%eth0",
        "2001:21::1::", "2001:21:1:1:1:1:1:1:1", "2002:21::1"};

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct hit hit = {{7}};

        assert_int_equal(hit_parse(table[i], &hit), ERR_INVALID);
        assert_int_equal(hit.bytes[0], 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_in_the_field_have_the_tags_we_make),
        cmocka_unit_test(a_suite_that_is_not_there_is_refused),
        cmocka_unit_test(each_kind_of_key_has_its_tag),
        cmocka_unit_test(the_octets_of_a_point_have_no_format_in_front),
        cmocka_unit_test(a_key_without_a_suite_has_no_tag),
        cmocka_unit_test(a_tag_is_written_as_addresses_are),
        cmocka_unit_test(what_is_no_tag_is_refused_and_changes_nothing),
    };

    if (psa_crypto_init() != PSA_SUCCESS)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
