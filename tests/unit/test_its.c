/* PSA's storage in memory: what mbedTLS relies on. */

#include <psa/crypto.h>
#include <psa/internal_trusted_storage.h>
#include <string.h>

#include "cmocka_all.h"

#define UID 0x100000004e000001

static void what_is_set_is_given_back_in_parts(void **state)
{
    struct psa_storage_info_t info;
    char text[20] = "";
    size_t len = 0;

    (void)state;
    assert_int_equal(psa_its_set(UID, 6, "abcdef", 3), PSA_SUCCESS);
    assert_int_equal(psa_its_get_info(UID, &info), PSA_SUCCESS);
    assert_int_equal(info.size, 6);
    assert_int_equal(info.flags, 3);
    assert_int_equal(psa_its_get(UID, 2, 3, text, &len), PSA_SUCCESS);
    assert_int_equal(len, 3);
    assert_memory_equal(text, "cde", 3);
    assert_int_equal(psa_its_get(UID, 2, 20, text, &len), PSA_SUCCESS);
    assert_int_equal(len, 4);
    assert_int_equal(psa_its_get(UID, 6, 1, text, &len), PSA_SUCCESS);
    assert_int_equal(len, 0);
    assert_int_equal(
        psa_its_get(UID, 7, 1, text, &len), PSA_ERROR_INVALID_ARGUMENT);
    assert_int_equal(psa_its_set(UID, 1, "x", 0), PSA_SUCCESS);
    assert_int_equal(psa_its_get(UID, 0, 20, text, &len), PSA_SUCCESS);
    assert_int_equal(len, 1);
    assert_int_equal(psa_its_remove(UID), PSA_SUCCESS);
}

static void what_is_not_there_is_told(void **state)
{
    struct psa_storage_info_t info;
    char text[20];
    size_t len;

    (void)state;
    assert_int_equal(
        psa_its_get(UID, 0, 1, text, &len), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(psa_its_get_info(UID, &info), PSA_ERROR_DOES_NOT_EXIST);
    assert_int_equal(psa_its_remove(UID), PSA_ERROR_DOES_NOT_EXIST);
}

static void too_much_is_refused_and_harms_nothing(void **state)
{
    static const char bytes[300];
    psa_storage_uid_t count = 0;
    char text[20];
    size_t len;

    (void)state;
    assert_int_equal(
        psa_its_set(UID, 300, bytes, 0), PSA_ERROR_INSUFFICIENT_STORAGE);
    assert_int_equal(
        psa_its_get(UID, 0, 1, text, &len), PSA_ERROR_DOES_NOT_EXIST);
    while (psa_its_set(UID + count, 256, bytes, 0) == PSA_SUCCESS)
        count++;
    assert_true(count >= 20 && count < 1000);
    assert_int_equal(psa_its_set(UID, 1, "x", 0), PSA_SUCCESS);
    assert_int_equal(psa_its_get(UID, 0, 1, text, &len), PSA_SUCCESS);
    assert_int_equal(text[0], 'x');
    while (count-- > 0)
        assert_int_equal(psa_its_remove(UID + count), PSA_SUCCESS);
    assert_int_equal(psa_its_set(UID, 0, NULL, 0), PSA_SUCCESS);
    assert_int_equal(psa_its_remove(UID), PSA_SUCCESS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_set_is_given_back_in_parts),
        cmocka_unit_test(what_is_not_there_is_told),
        cmocka_unit_test(too_much_is_refused_and_harms_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
