/* What core/utf8 promises. */

#include <string.h>

#include "cmocka_all.h"
#include "core/utf8.h"

static bool valid(const char *text)
{
    return utf8_valid(text, strlen(text));
}

static void text_of_every_length_of_sequence_is_valid(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(valid("a"));
    assert_true(valid("\xc3\xa9"));
    assert_true(valid("\xe2\x82\xac"));
    assert_true(valid("\xf0\x9f\x98\x80 end"));
    assert_int_equal(utf8_length("\xf0\x9f\x98\x80", 4), 4);
}

static void overlong_forms_surrogates_and_stray_bytes_are_not(void **state)
{
    (void)state;
    assert_false(valid("\xc0\x80"));
    assert_false(valid("\xe0\x9f\xbf"));
    assert_false(valid("\xed\xa0\x80"));
    assert_false(valid("\xf4\x90\x80\x80"));
    assert_false(valid("ok\x80"));
    assert_false(valid("\xff"));
}

static void a_sequence_that_is_cut_off_is_not(void **state)
{
    (void)state;
    assert_false(valid("\xe2\x82"));
    assert_int_equal(utf8_length("\xe2\x82\xac", 2), 0);
    assert_int_equal(utf8_length("", 0), 0);
}

static void a_nul_byte_is_not(void **state)
{
    (void)state;
    assert_false(utf8_valid("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_every_length_of_sequence_is_valid),
        cmocka_unit_test(overlong_forms_surrogates_and_stray_bytes_are_not),
        cmocka_unit_test(a_sequence_that_is_cut_off_is_not),
        cmocka_unit_test(a_nul_byte_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
