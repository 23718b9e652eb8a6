/* The file that stands for a pass code on the device. */

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "hex.h"
#include "identity/claim_verifier.h"
#include "spake2plus_vectors.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define THING    "acme:thermo-1:4711"
#define HEAD     "nameplate claim verifier 1\n"
#define L_LINE   "L " RFC_L "\n"
#define W0_LINE  "w0 " RFC_W0 "\n"
#define SALT     "salt 000102030405060708090a0b0c0d0e0f\n"
#define FULL     HEAD W0_LINE L_LINE SALT "iterations 200000\n"

static struct span span_of(const char *text)
{
    return (struct span){(const unsigned char *)text, strlen(text)};
}

static void what_is_printed_is_read_again(void **state)
{
    struct claim_verifier made = {.iterations = 1000}, read;
    struct hex_bytes w0 = hex_read(
        "a1365274a2bb35d6429be959780246802501e4fe8bcef5407c3d07fd2912d763");
    char text[CLAIM_VERIFIER_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(made.salt); i++)
        made.salt[i] = (unsigned char)i;
    assert_int_equal(claim_verifier_make(&made, "1234567890", THING), ERR_OK);
    assert_memory_equal(made.record.w0, w0.bytes, P256_SCALAR);
    claim_verifier_print(&made, text);
    assert_int_equal(claim_verifier_parse(span_of(text), &read), ERR_OK);
    assert_memory_equal(read.record.w0, made.record.w0, P256_SCALAR);
    assert_memory_equal(read.record.l, made.record.l, P256_POINT);
    assert_memory_equal(read.salt, made.salt, SPAKE2PLUS_SALT);
    assert_int_equal(read.iterations, 1000);
}

static void the_file_is_as_documented(void **state)
{
    struct claim_verifier v;
    char text[CLAIM_VERIFIER_TEXT_SIZE];

    (void)state;
    assert_int_equal(claim_verifier_parse(span_of(FULL), &v), ERR_OK);
    assert_int_equal(v.iterations, 200000);
    assert_int_equal(v.salt[15], 15);
    claim_verifier_print(&v, text);
    assert_string_equal(text, FULL);
    v.iterations = UINT32_MAX; /* the longest that could come */
    claim_verifier_print(&v, text);
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void without_iterations_nothing_is_made(void **state)
{
    struct claim_verifier v = {.iterations = 0};

    (void)state;
    assert_int_equal(claim_verifier_make(&v, "1234567890", THING), ERR_INVALID);
}

static void another_text_is_refused_and_changes_nothing(void **state)
{
    static const char *const table[] = {
        "",
        "nameplate claim verifier 2\n" W0_LINE L_LINE SALT "iterations 1\n",
        FULL "\n",
        FULL "more 1\n",
        HEAD L_LINE W0_LINE SALT "iterations 1\n",
        HEAD W0_LINE L_LINE SALT "iterations 0\n",
        HEAD W0_LINE L_LINE SALT "iterations 01\n",
        HEAD W0_LINE L_LINE SALT "iterations -1\n",
        HEAD W0_LINE L_LINE SALT "iterations 100000001\n",
        HEAD W0_LINE L_LINE SALT "iterations 99999999999999999999\n",
        HEAD W0_LINE L_LINE SALT "iterations \n",
        HEAD W0_LINE L_LINE SALT "iterations 1",
        HEAD W0_LINE L_LINE "salt 00\niterations 1\n",
        HEAD W0_LINE L_LINE "salt 000102030405060708090A0B0C0D0E0F\n"
                            "iterations 1\n",
        /* w0 is no scalar; L is no point. */
        HEAD "w0 0000000000000000000000000000000000000000000000000000000000"
             "000000\n" L_LINE SALT "iterations 1\n",
        HEAD W0_LINE "L 04" RFC_W0 RFC_W0 "\n" SALT "iterations 1\n",
    };
    struct claim_verifier v = {.iterations = 7};

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        if (claim_verifier_parse(span_of(table[i]), &v) != ERR_INVALID)
            fail_msg("%s", table[i]);
        assert_int_equal(v.iterations, 7);
    }
}

/* Each in memory that ends where the text does, which ASan watches. */
static void a_text_that_was_cut_off_is_refused(void **state)
{
    (void)state;
    for (size_t len = 1; len < strlen(FULL); len++) {
        unsigned char *part = malloc(len);
        struct claim_verifier v;

        assert_non_null(part);
        memcpy(part, FULL, len);
        assert_int_equal(
            claim_verifier_parse((struct span){part, len}, &v), ERR_INVALID);
        free(part);
    }
}

static void every_byte_changed_is_refused_or_still_a_verifier(void **state)
{
    char text[] = FULL;

    (void)state;
    for (size_t at = 0; at < strlen(FULL); at++) {
        struct claim_verifier v;
        char before = text[at], again[CLAIM_VERIFIER_TEXT_SIZE];

        text[at] = '5';
        if (claim_verifier_parse(
                (struct span){(unsigned char *)text, strlen(FULL)}, &v) ==
            ERR_OK) {
            claim_verifier_print(&v, again);
            assert_string_equal(again, text);
        }
        text[at] = before;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printed_is_read_again),
        cmocka_unit_test(the_file_is_as_documented),
        cmocka_unit_test(without_iterations_nothing_is_made),
        cmocka_unit_test(another_text_is_refused_and_changes_nothing),
        cmocka_unit_test(a_text_that_was_cut_off_is_refused),
        cmocka_unit_test(every_byte_changed_is_refused_or_still_a_verifier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
