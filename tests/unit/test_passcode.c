/* The code on a label: docs/label.md. */

#include <string.h>

#include "cmocka_all.h"
#include "identity/passcode.h"
#include "passcode_vectors.h"
#include "ports/port.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DRAWN    200000

static const char *const right[] = PASSCODE_RIGHT;
static const char *const trivial[] = PASSCODE_TRIVIAL;
static const char *const nearly[] = PASSCODE_NEARLY;

/* The port as it is, unless a test says what comes. */
enum err __real_port_random(void *bytes, size_t len);
enum err __wrap_port_random(void *bytes, size_t len);
static const uint32_t *script;
static size_t script_left;
static bool exhausted;

enum err __wrap_port_random(void *bytes, size_t len)
{
    if (exhausted)
        return ERR_IO;
    if (script_left == 0)
        return __real_port_random(bytes, len);
    assert_int_equal(len, sizeof(*script));
    memcpy(bytes, script++, len);
    script_left--;
    return ERR_OK;
}

/* The example of the paper, and ours. */
static void the_check_digit_is_damms(void **state)
{
    (void)state;
    assert_int_equal(passcode_check_digit("572"), '4');
    assert_int_equal(passcode_check_digit("5724"), '0');
    for (size_t i = 0; i < COUNT(right); i++)
        assert_true(passcode_is_valid(right[i]));
}

static void every_single_wrong_digit_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(right); i++) {
        for (size_t at = 0; at < PASSCODE_DIGITS; at++) {
            for (int c = '0'; c <= '9'; c++) {
                char code[PASSCODE_SIZE];

                memcpy(code, right[i], sizeof(code));
                code[at] = (char)c;
                assert_int_equal(passcode_is_valid(code), c == right[i][at]);
            }
        }
    }
}

static void every_swap_of_neighbours_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(right); i++) {
        for (size_t at = 0; at + 1 < PASSCODE_DIGITS; at++) {
            char code[PASSCODE_SIZE];

            memcpy(code, right[i], sizeof(code));
            code[at] = right[i][at + 1];
            code[at + 1] = right[i][at];
            assert_int_equal(passcode_is_valid(code), code[at] == code[at + 1]);
        }
    }
}

static void what_is_no_code_is_not_valid(void **state)
{
    static const char *const table[] = {"", "0", "572", "5724", "271 828 182",
        "27182818200", "271828182x", "27182818\xd9\xa2"};

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        assert_false(passcode_is_valid(table[i]));
}

static void trivial_codes_are_known_and_their_neighbours_are_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(trivial); i++)
        if (!passcode_is_trivial(trivial[i]))
            fail_msg("%s", trivial[i]);
    for (size_t i = 0; i < COUNT(right); i++)
        if (passcode_is_trivial(right[i]))
            fail_msg("%s", right[i]);
    for (size_t i = 0; i < COUNT(nearly); i++)
        if (passcode_is_trivial(nearly[i]))
            fail_msg("%s", nearly[i]);
}

/* 3,229,692 of 10^9: 646 of 200,000, and 25 is one standard deviation. */
static void the_share_of_trivial_codes_is_as_published(void **state)
{
    uint64_t number = 88172645463325252U; /* Marsaglia's xorshift */
    unsigned found = 0;

    (void)state;
    for (int i = 0; i < DRAWN; i++) {
        char digits[PASSCODE_SIZE];
        uint64_t left;

        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        left = number % 1000000000;
        for (size_t at = PASSCODE_RANDOM; at-- > 0; left /= 10)
            digits[at] = (char)('0' + left % 10);
        found += passcode_is_trivial(digits);
    }
    assert_in_range(found, 546, 746);
}

static void what_is_drawn_is_valid_and_not_trivial(void **state)
{
    char code[PASSCODE_SIZE], before[PASSCODE_SIZE] = "";

    (void)state;
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(passcode_make(code), ERR_OK);
        assert_true(passcode_is_valid(code));
        assert_false(passcode_is_trivial(code));
        assert_string_not_equal(code, before);
        memcpy(before, code, sizeof(before));
    }
}

/* A remainder of 2^32 numbers would come more often than the others; so would
 * the neighbour of a trivial code that is not drawn again. */
static void what_is_not_fair_or_trivial_is_drawn_again(void **state)
{
    static const uint32_t numbers[] = {
        4000000000U, 4294967295U, 123456789, 1111111111, 3271828182U};
    char code[PASSCODE_SIZE];

    (void)state;
    script = numbers;
    script_left = COUNT(numbers);
    assert_int_equal(passcode_make(code), ERR_OK);
    assert_int_equal(script_left, 0);
    assert_memory_equal(code, "271828182", 9);
}

static void without_randomness_there_is_no_code(void **state)
{
    char code[PASSCODE_SIZE];

    (void)state;
    exhausted = true;
    assert_int_equal(passcode_make(code), ERR_IO);
    exhausted = false;
}

static void a_code_is_shown_in_groups(void **state)
{
    char shown[PASSCODE_SHOWN_SIZE];

    (void)state;
    passcode_show("0123456789", shown);
    assert_string_equal(shown, "012 345 678 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_digit_is_damms),
        cmocka_unit_test(every_single_wrong_digit_is_found),
        cmocka_unit_test(every_swap_of_neighbours_is_found),
        cmocka_unit_test(what_is_no_code_is_not_valid),
        cmocka_unit_test(trivial_codes_are_known_and_their_neighbours_are_not),
        cmocka_unit_test(the_share_of_trivial_codes_is_as_published),
        cmocka_unit_test(what_is_drawn_is_valid_and_not_trivial),
        cmocka_unit_test(what_is_not_fair_or_trivial_is_drawn_again),
        cmocka_unit_test(without_randomness_there_is_no_code),
        cmocka_unit_test(a_code_is_shown_in_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
