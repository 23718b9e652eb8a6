/* An ECDSA-Sig-Value has one encoding: X.690 sections 8.3.2 and 10.1. */

#include <string.h>

#include "cmocka_all.h"
#include "hex.h"
#include "identity/signature_value.h"
#include "signature_vectors.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define N256 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

static enum err read_der(const struct hex_bytes *v)
{
    struct signature_value numbers;

    return signature_value_der(
        MBEDTLS_ECP_DP_SECP256R1, (struct span){v->bytes, v->len}, &numbers);
}

/* Pieces of the one right encoding: 30 45 | 02 21 00 r | 02 20 s. */
#define HEAD 4
#define R_AT (HEAD + 1)
#define S_AT (R_AT + 32 + 2)

static struct hex_bytes der_of(const char *before_r, const char *before_s,
    const char *after, const char *outer)
{
    struct hex_bytes good = hex_read(ES256_DER), v = {.len = 0};
    const struct {
        const char *hex;
        size_t from;
    } parts[] = {
        {outer,    0   },
        {before_r, R_AT},
        {before_s, S_AT},
        {after,    0   },
    };

    for (size_t i = 0; i < COUNT(parts); i++) {
        struct hex_bytes piece = hex_read(parts[i].hex);

        memcpy(v.bytes + v.len, piece.bytes, piece.len);
        v.len += piece.len;
        if (parts[i].from > 0) {
            memcpy(v.bytes + v.len, good.bytes + parts[i].from, 32);
            v.len += 32;
        }
    }
    return v;
}

static void one_pair_of_numbers_has_one_encoding(void **state)
{
    static const struct {
        const char *outer, *before_r, *before_s, *after;
    } table[] = {
        {"3046",     "022100",   "0220",   "00"    }, /* behind s */
        {"3045",     "022100",   "0220",   "00"    }, /* behind the end */
        {"3048",     "022100",   "0220",   "020101"}, /* a third number */
        {"3046",     "02220000", "0220",   ""      }, /* r needlessly long */
        {"3046",     "022100",   "022100", ""      }, /* s needlessly long */
        {"3044",     "0220",     "0220",   ""      }, /* r negative */
        {"308145",   "022100",   "0220",   ""      }, /* lengths as in BER */
        {"30820045", "022100",   "0220",   ""      },
        {"3046",     "02812100", "0220",   ""      },
        {"3046",     "022100",   "028120", ""      },
        {"3080",     "022100",   "0220",   "0000"  },
        {"3145",     "022100",   "0220",   ""      }, /* a SET */
        {"3045",     "032100",   "0220",   ""      }, /* BIT STRING r */
        {"3045",     "022100",   "0420",   ""      }, /* OCTET STRING s */
        {"3044",     "022100",   "0220",   ""      }, /* the end is cut */
    };
    struct hex_bytes v = der_of("022100", "0220", "", "3045");

    (void)state;
    assert_int_equal(read_der(&v), ERR_OK); /* twin */
    for (size_t i = 0; i < COUNT(table); i++) {
        v = der_of(table[i].before_r, table[i].before_s, table[i].after,
            table[i].outer);
        assert_int_equal(read_der(&v), ERR_DENIED);
    }
}

static void small_and_absent_numbers_are_refused(void **state)
{
    static const char *const table[] = {"3006020100020100", "3006020101020100",
        "3006020100020101", "300402000200", "3000", "", "30", "3003020101",
        "30050201010201", "300702020001020101", "3006020181020101"};

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct hex_bytes v = hex_read(table[i]);

        assert_int_equal(read_der(&v), ERR_DENIED);
    }
}

static void the_two_forms_hold_the_same_numbers(void **state)
{
    struct hex_bytes der = hex_read(ES256_DER);
    struct signature_value a, b;

    (void)state;
    assert_int_equal(signature_value_der(MBEDTLS_ECP_DP_SECP256R1,
                         (struct span){der.bytes, der.len}, &a),
        ERR_OK);
    assert_int_equal(a.size, 32);
    assert_memory_equal(a.bytes, der.bytes + R_AT, 32);
    assert_memory_equal(a.bytes + 32, der.bytes + S_AT, 32);
    assert_int_equal(signature_value_raw(MBEDTLS_ECP_DP_SECP256R1,
                         (struct span){a.bytes, 64}, &b),
        ERR_OK);
    assert_memory_equal(a.bytes, b.bytes, 64);
}

static void small_numbers_are_padded(void **state)
{
    const struct hex_bytes der = hex_read("3006020101020102");
    struct signature_value v;

    (void)state;
    assert_int_equal(signature_value_der(MBEDTLS_ECP_DP_SECP384R1,
                         (struct span){der.bytes, der.len}, &v),
        ERR_OK);
    assert_int_equal(v.size, 48);
    for (size_t i = 0; i < 96; i++)
        assert_int_equal(v.bytes[i], i == 47 ? 1 : i == 95 ? 2 : 0);
}

static void numbers_up_to_the_order_are_taken_and_not_the_order(void **state)
{
    struct hex_bytes n = hex_read("0001" N256), v = {.len = 64};
    struct signature_value out;

    (void)state;
    for (int less = 1; less >= 0; less--) {
        memcpy(v.bytes, n.bytes + 2, 32);
        v.bytes[31] = (unsigned char)(v.bytes[31] - less);
        memcpy(v.bytes + 32, v.bytes, 32);
        assert_int_equal(signature_value_raw(MBEDTLS_ECP_DP_SECP256R1,
                             (struct span){v.bytes, v.len}, &out),
            less == 1 ? ERR_OK : ERR_DENIED);
    }
}

static void a_curve_that_is_not_there_has_no_signatures(void **state)
{
    struct hex_bytes v = hex_read(ES256_DER);
    struct signature_value out;

    (void)state;
    assert_int_equal(signature_value_der(MBEDTLS_ECP_DP_SECP521R1,
                         (struct span){v.bytes, v.len}, &out),
        ERR_DENIED);
    assert_int_equal(signature_value_raw(
                         MBEDTLS_ECP_DP_NONE, (struct span){v.bytes, 64}, &out),
        ERR_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_pair_of_numbers_has_one_encoding),
        cmocka_unit_test(small_and_absent_numbers_are_refused),
        cmocka_unit_test(the_two_forms_hold_the_same_numbers),
        cmocka_unit_test(small_numbers_are_padded),
        cmocka_unit_test(numbers_up_to_the_order_are_taken_and_not_the_order),
        cmocka_unit_test(a_curve_that_is_not_there_has_no_signatures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
