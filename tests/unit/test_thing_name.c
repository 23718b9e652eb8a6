/* What identity/thing_name promises: certificate-profile, "Naming". */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "identity/thing_name.h"

static const char *name_of(const char *v, const char *m, const char *s)
{
    static char name[THING_NAME_SIZE];
    struct thing_name_parts parts = {v, m, s};

    assert_int_equal(thing_name_make(&parts, name), ERR_OK);
    return name;
}

static void plain_parts_are_joined_by_colons(void **state)
{
    (void)state;
    assert_string_equal(name_of("acme", "thermo-1", "S1"), "acme:thermo-1:S1");
}

static void vendor_and_model_are_folded_and_the_serial_is_not(void **state)
{
    (void)state;
    assert_string_equal(name_of("ACME", "Thermo", "AbC"), "acme:thermo:AbC");
}

static void every_other_byte_is_escaped(void **state)
{
    (void)state;
    assert_string_equal(name_of("a:b", "c_d", "e/f"), "a_3ab:c_5fd:e_2ff");
    assert_string_equal(
        name_of("\xc3\x84", "m", "\xff\x01"), "_c3_84:m:_ff_01");
}

static void parts_cannot_reach_into_one_another(void **state)
{
    char one[THING_NAME_SIZE];

    (void)state;
    (void)snprintf(one, sizeof(one), "%s", name_of("a", "b:c", "d"));
    assert_string_not_equal(one, name_of("a:b", "c", "d"));
    (void)snprintf(one, sizeof(one), "%s", name_of("a", "b", "_3a"));
    assert_string_not_equal(one, name_of("a", "b", ":"));
}

/* Reads a mapped part back; the test's own inverse proves injectivity. */
static bool unmap(const char *mapped, char *part)
{
    while (*mapped != '\0') {
        char hex[3] = "";
        char *end;

        if (*mapped != '_') {
            *part++ = *mapped++;
            continue;
        }
        (void)snprintf(hex, sizeof(hex), "%s", mapped + 1);
        *part++ = (char)strtoul(hex, &end, 16);
        if (end != hex + 2)
            return false;
        mapped += 3;
    }
    *part = '\0';
    return true;
}

static void every_pair_of_bytes_can_be_read_back(void **state)
{
    (void)state;
    for (int a = 1; a < 256; a++) {
        for (int b = 1; b < 256; b++) {
            char part[] = {(char)a, (char)b, '\0'};
            char mapped[THING_NAME_SIZE], back[THING_NAME_SIZE];

            assert_int_equal(thing_name_part(part, mapped), ERR_OK);
            assert_true(unmap(mapped, back));
            assert_string_equal(part, back);
        }
    }
}

static void only_letters_that_fold_share_a_name(void **state)
{
    (void)state;
    for (int a = 1; a < 256; a++) {
        for (int b = 1; b < a; b++) {
            char one[] = {(char)a, '\0'}, two[] = {(char)b, '\0'};
            char name[THING_NAME_SIZE];
            bool fold = b >= 'A' && b <= 'Z' && a == b - 'A' + 'a';

            (void)snprintf(name, sizeof(name), "%s", name_of(one, one, "1"));
            assert_int_equal(strcmp(name, name_of(two, two, "1")) == 0, fold);
            (void)snprintf(name, sizeof(name), "%s", name_of("v", "m", one));
            assert_string_not_equal(name, name_of("v", "m", two));
        }
    }
}

static void every_name_has_the_pattern_of_aws(void **state)
{
    (void)state;
    for (int a = 1; a < 256; a++) {
        char part[] = {(char)a, '\0'};
        const char *name = name_of(part, part, part);

        assert_int_equal(strspn(name,
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                             "UVWXYZ0123456789:_-"),
            strlen(name));
    }
}

static void an_empty_or_missing_part_is_refused(void **state)
{
    static const struct thing_name_parts bad[] = {
        {"",   "m",  "s" },
        {"v",  "",   "s" },
        {"v",  "m",  ""  },
        {NULL, "m",  "s" },
        {"v",  NULL, "s" },
        {"v",  "m",  NULL},
    };
    char name[THING_NAME_SIZE] = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(thing_name_make(&bad[i], name), ERR_INVALID);
        assert_string_equal(name, "untouched");
    }
    assert_int_equal(thing_name_type(&bad[0], name), ERR_INVALID);
    assert_int_equal(thing_name_type(&bad[1], name), ERR_INVALID);
    assert_int_equal(thing_name_part("", name), ERR_INVALID);
}

static void a_name_of_128_fits_and_one_more_is_refused_not_cut(void **state)
{
    char serial[200], name[THING_NAME_SIZE] = "untouched";
    struct thing_name_parts parts = {"v", "m", serial};

    (void)state;
    memset(serial, 'x', sizeof(serial));
    serial[125] = '\0';
    assert_int_equal(thing_name_make(&parts, name), ERR_TOO_BIG);
    assert_string_equal(name, "untouched");
    serial[124] = '\0';
    assert_int_equal(thing_name_make(&parts, name), ERR_OK);
    assert_int_equal(strlen(name), THING_NAME_MAX);
}

static void an_escape_is_not_cut_in_the_middle(void **state)
{
    char serial[200], name[THING_NAME_SIZE];
    struct thing_name_parts parts = {"v", "m", serial};

    (void)state;
    memset(serial, 'x', sizeof(serial));
    serial[122] = '/';
    serial[123] = '\0';
    assert_int_equal(thing_name_make(&parts, name), ERR_TOO_BIG);
    serial[121] = '/';
    serial[122] = '\0';
    assert_int_equal(thing_name_make(&parts, name), ERR_OK);
    assert_string_equal(name + 125, "_2f");
}

static void a_type_is_vendor_and_model(void **state)
{
    char type[THING_NAME_SIZE];
    struct thing_name_parts parts = {"Acme", "Thermo 1", NULL};

    (void)state;
    assert_int_equal(thing_name_type(&parts, type), ERR_OK);
    assert_string_equal(type, "acme:thermo_201");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_parts_are_joined_by_colons),
        cmocka_unit_test(vendor_and_model_are_folded_and_the_serial_is_not),
        cmocka_unit_test(every_other_byte_is_escaped),
        cmocka_unit_test(parts_cannot_reach_into_one_another),
        cmocka_unit_test(every_pair_of_bytes_can_be_read_back),
        cmocka_unit_test(only_letters_that_fold_share_a_name),
        cmocka_unit_test(every_name_has_the_pattern_of_aws),
        cmocka_unit_test(an_empty_or_missing_part_is_refused),
        cmocka_unit_test(a_name_of_128_fits_and_one_more_is_refused_not_cut),
        cmocka_unit_test(an_escape_is_not_cut_in_the_middle),
        cmocka_unit_test(a_type_is_vendor_and_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
