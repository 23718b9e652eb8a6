/* A detached signature has one form, one key and one algorithm: RFC 7518
 * section 3, RFC 3279 section 2.2.3, RFC 8017 section 8. */

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "hex.h"
#include "identity/signature.h"
#include "signature_vectors.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static enum err judge(enum signature_algorithm algorithm, const char *pem,
    const struct hex_bytes *value, const char *message)
{
    /* On the heap, so that reading past the end is seen. */
    unsigned char *copy = malloc(value->len + (value->len == 0));
    struct signature *s;
    enum err e;

    assert_non_null(copy);
    memcpy(copy, value->bytes, value->len);
    assert_int_equal(signature_open(algorithm, pem, &s), ERR_OK);
    for (size_t i = 0; i < strlen(message); i += 5)
        assert_int_equal(signature_update(s, message + i,
                             strlen(message + i) < 5 ? strlen(message + i) : 5),
            ERR_OK);
    e = signature_finish(s, copy, value->len);
    signature_close(s);
    free(copy);
    return e;
}

/* r||s of an ECDSA-Sig-Value whose numbers have `size` octets at most. */
static struct hex_bytes to_raw(const struct hex_bytes *der, size_t size)
{
    struct hex_bytes raw = {.len = 2 * size};
    const unsigned char *p = der->bytes + 2;

    for (size_t i = 0; i < 2; i++) {
        size_t len = p[1];
        const unsigned char *number = p + 2;

        p += 2 + len;
        number += len > size;
        len -= len > size;
        memcpy(raw.bytes + (i + 1) * size - len, number, len);
    }
    return raw;
}

static const struct {
    enum signature_algorithm algorithm;
    const char *key;
    const char *value; /* in DER for ECDSA */
    size_t size;       /* of r and s when they come raw */
} genuine[] = {
    {SIGNATURE_ES256,     KEY_P256,    ES256_DER, 32},
    {SIGNATURE_ES256_DER, KEY_P256,    ES256_DER, 0 },
    {SIGNATURE_ES384,     KEY_P384,    ES384_DER, 48},
    {SIGNATURE_ES384_DER, KEY_P384,    ES384_DER, 0 },
    {SIGNATURE_PS256,     KEY_RSA2048, PS256,     0 },
    {SIGNATURE_RS256,     KEY_RSA2048, RS256,     0 },
};

static struct hex_bytes value_of(size_t i)
{
    struct hex_bytes v = hex_read(genuine[i].value);

    return genuine[i].size == 0 ? v : to_raw(&v, genuine[i].size);
}

static void what_openssl_signed_is_genuine(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(genuine); i++) {
        struct hex_bytes v = value_of(i);

        assert_int_equal(
            judge(genuine[i].algorithm, genuine[i].key, &v, MESSAGE), ERR_OK);
        assert_int_equal(
            judge(genuine[i].algorithm, genuine[i].key, &v, MESSAGE "!"),
            ERR_DENIED);
        assert_int_equal(
            judge(genuine[i].algorithm, genuine[i].key, &v, ""), ERR_DENIED);
    }
}

static void a_signature_with_any_bit_changed_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(genuine); i++) {
        for (size_t at = 0; at < value_of(i).len; at++) {
            struct hex_bytes v = value_of(i);

            v.bytes[at] ^= (unsigned char)(1U << at % 8);
            assert_int_equal(
                judge(genuine[i].algorithm, genuine[i].key, &v, MESSAGE),
                ERR_DENIED);
        }
    }
}

static void a_signature_of_another_length_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(genuine); i++) {
        struct hex_bytes v = value_of(i);

        for (size_t len = 0; len < 600; len++) {
            struct hex_bytes other = v;

            other.len = len;
            if (len != v.len)
                assert_int_equal(judge(genuine[i].algorithm, genuine[i].key,
                                     &other, MESSAGE),
                    ERR_DENIED);
        }
    }
}

static void a_signature_for_one_algorithm_is_none_for_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(genuine); i++) {
        for (size_t j = 0; j < COUNT(genuine); j++) {
            struct hex_bytes v = value_of(j);

            if (i != j)
                assert_int_equal(
                    judge(genuine[i].algorithm, genuine[i].key, &v, MESSAGE),
                    ERR_DENIED);
        }
    }
}

static void another_key_of_the_kind_does_not_verify(void **state)
{
    struct hex_bytes v = hex_read(ES256_DER);

    (void)state;
    assert_int_equal(
        judge(SIGNATURE_ES256_DER, KEY_P256_OTHER, &v, MESSAGE), ERR_DENIED);
}

static void rsa_signatures_of_other_parameters_are_refused(void **state)
{
    static const struct {
        enum signature_algorithm algorithm;
        const char *value;
    } table[] = {
        {SIGNATURE_PS256, PSS_SALT_20    },
        {SIGNATURE_PS256, PSS_SALT_0     },
        {SIGNATURE_PS256, PSS_SALT_MOST  },
        {SIGNATURE_PS256, PSS_MGF1_SHA1  },
        {SIGNATURE_PS256, PSS_SHA384     },
        {SIGNATURE_RS256, PKCS1_SHA384   },
        {SIGNATURE_RS256, PKCS1_NO_NULL  },
        {SIGNATURE_RS256, PKCS1_BARE_HASH},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct hex_bytes v = hex_read(table[i].value);

        assert_int_equal(
            judge(table[i].algorithm, KEY_RSA2048, &v, MESSAGE), ERR_DENIED);
    }
}

/* The orders of the curves, SEC 2. */
#define N256 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define N384                                                                   \
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf"         \
    "581a0db248b0a77aecec196accc52973"

static void numbers_out_of_range_are_refused(void **state)
{
    static const struct {
        enum signature_algorithm algorithm;
        const char *key, *value, *order;
        size_t size;
    } table[] = {
        {SIGNATURE_ES256, KEY_P256, ES256_DER, N256, 32},
        {SIGNATURE_ES384, KEY_P384, ES384_DER, N384, 48},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct hex_bytes der = hex_read(table[i].value);
        struct hex_bytes good = to_raw(&der, table[i].size);
        struct hex_bytes order = hex_read(table[i].order);

        for (size_t half = 0; half < 2; half++) {
            for (int fill = 0; fill < 3; fill++) {
                struct hex_bytes v = good;
                unsigned char *number = v.bytes + half * table[i].size;

                memset(number, fill == 1 ? 0xff : 0, table[i].size);
                if (fill == 2)
                    memcpy(number, order.bytes, order.len);
                assert_int_equal(
                    judge(table[i].algorithm, table[i].key, &v, MESSAGE),
                    ERR_DENIED);
            }
        }
    }
}

static void a_key_is_for_its_own_algorithms_only(void **state)
{
    static const struct {
        const char *pem;
        unsigned algorithms; /* bits */
    } table[] = {
        {KEY_P256,     1U << SIGNATURE_ES256 | 1U << SIGNATURE_ES256_DER},
        {KEY_P384,     1U << SIGNATURE_ES384 | 1U << SIGNATURE_ES384_DER},
        {KEY_RSA2048,  1U << SIGNATURE_PS256 | 1U << SIGNATURE_RS256    },
        {KEY_RSA1024,  0                                                },
        {KEY_RSA_SLOW, 0                                                },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        for (unsigned a = SIGNATURE_ES256; a <= SIGNATURE_RS256; a++) {
            struct signature *s = NULL;
            bool fits = (table[i].algorithms & 1U << a) != 0;

            assert_int_equal(
                signature_open((enum signature_algorithm)a, table[i].pem, &s),
                fits ? ERR_OK : ERR_DENIED);
            assert_true(fits == (s != NULL));
            signature_close(s);
        }
    }
}

#define BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define END   "-----END PUBLIC KEY-----\n"

static void what_is_not_one_public_key_is_refused(void **state)
{
    static const char *const table[] = {"", "rubbish", KEY_P521, KEY_ED25519,
        KEY_P256 KEY_P256_OTHER, BEGIN END, BEGIN "MAA=\n" END,
        BEGIN "!!!!\n" END, BEGIN "MFkw",
        /* a point that is not on the curve: all zeros */
        BEGIN
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
        "\n" END,
        /* the point at infinity */
        BEGIN "MBkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDAgAA\n" END};

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct signature *s = NULL;

        assert_int_equal(
            signature_open(SIGNATURE_ES256, table[i], &s), ERR_INVALID);
        assert_null(s);
    }
}

static void a_hash_made_elsewhere_judges_the_same(void **state)
{
    /* SHA-256 of MESSAGE, by sha256sum */
    struct hex_bytes hash = hex_read(MESSAGE_SHA256), v = hex_read(RS256);
    struct signature *s;

    (void)state;
    assert_int_equal(signature_open(SIGNATURE_RS256, KEY_RSA2048, &s), ERR_OK);
    assert_int_equal(
        signature_finish_hash(s, hash.bytes, hash.len, v.bytes, v.len), ERR_OK);
    assert_int_equal(
        signature_finish_hash(s, hash.bytes, 20, v.bytes, v.len), ERR_INVALID);
    hash.bytes[0] ^= 1;
    assert_int_equal(
        signature_finish_hash(s, hash.bytes, hash.len, v.bytes, v.len),
        ERR_DENIED);
    signature_close(s);
}

static void algorithms_have_the_names_of_the_command_line(void **state)
{
    static const char *const names[] = {
        "es256", "es256-der", "es384", "es384-der", "ps256", "rs256"};
    static const char *const others[] = {
        "", "ES256", "es512", "es256-", "rs1", "none", "hs256"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        enum signature_algorithm a;

        assert_true(signature_algorithm_parse(names[i], &a));
        assert_string_equal(signature_algorithm_name(a), names[i]);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        enum signature_algorithm a;

        assert_false(signature_algorithm_parse(others[i], &a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_openssl_signed_is_genuine),
        cmocka_unit_test(a_signature_with_any_bit_changed_is_refused),
        cmocka_unit_test(a_signature_of_another_length_is_refused),
        cmocka_unit_test(a_signature_for_one_algorithm_is_none_for_another),
        cmocka_unit_test(another_key_of_the_kind_does_not_verify),
        cmocka_unit_test(rsa_signatures_of_other_parameters_are_refused),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_key_is_for_its_own_algorithms_only),
        cmocka_unit_test(what_is_not_one_public_key_is_refused),
        cmocka_unit_test(a_hash_made_elsewhere_judges_the_same),
        cmocka_unit_test(algorithms_have_the_names_of_the_command_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
