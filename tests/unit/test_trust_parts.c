/* The small parts of the trust policy: times, pins, levels, the time floor, and
 * comparing names.  Whole chains are tested in the lab, by servers. */

#include <stdio.h>
#include <string.h>

#include "cmocka_all.h"
#include "core/file.h"
#include "folder.h"
#include "identity/distinguished_name.h"
#include "identity/moment.h"
#include "identity/pin.h"
#include "identity/proof.h"
#include "identity/reason.h"
#include "identity/timefloor.h"
#include "ports/port.h"

#define YEAR_S (INT64_C(365) * 86400)

/* --- times --------------------------------------------------------------- */

static void a_time_is_read_as_rfc_3339_says(void **state)
{
    static const struct {
        const char *text;
        int64_t moment;
    } rows[] = {
        {"1970-01-01T00:00:00Z",      0           },
        {"2026-05-01T12:00:00Z",      1777636800  },
        {"2026-05-01t12:00:00z",      1777636800  },
        {"2026-05-01 12:00:00.25Z",   1777636800  },
        {"2026-05-01T14:00:00+02:00", 1777636800  },
        {"2026-05-01T06:30:00-05:30", 1777636800  },
        {"2024-02-29T00:00:00Z",      1709164800  },
        {"2016-12-31T23:59:60Z",      1483228799  },
        {"9999-12-31T23:59:59Z",      253402300799},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t moment = -1;

        if (!moment_parse(rows[i].text, &moment) || moment != rows[i].moment)
            fail_msg("%s gives %lld", rows[i].text, (long long)moment);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const rows[] = {"", "now", "2026-05-01",
        "2026-05-01T12:00:00", "2026-05-01T12:00Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-00-10T00:00:00Z",
        "2026-05-00T00:00:00Z", "2026-05-01T24:00:00Z", "2026-05-01T12:60:00Z",
        "2026-05-01T12:00:61Z", "2026-05-01T12:00:00.Z", "26-05-01T12:00:00Z",
        "2026-05-01T12:00:00Zz", "2026-05-01T12:00:00+2:00",
        "2026-05-01T12:00:00+24:00", "2026-05-01T12:00:00+00:60",
        "2026-05-01T-1:00:00Z"};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t moment = 7;

        if (moment_parse(rows[i], &moment) || moment != 7)
            fail_msg("accepts %s", rows[i]);
    }
}

static void a_printed_time_is_read_back(void **state)
{
    static const int64_t rows[] = {0, 1777636800, 253402300799};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[MOMENT_TEXT];
        int64_t moment;

        moment_print(rows[i], text);
        assert_true(moment_parse(text, &moment));
        assert_int_equal(moment, rows[i]);
    }
}

/* --- pins ---------------------------------------------------------------- */

#define PIN_A "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define PIN_B "sha256//AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void two_different_pins_are_needed(void **state)
{
    static const struct {
        const char *text;
        size_t count; /* 0: refused */
    } rows[] = {
        {PIN_A " " PIN_B,           2},
        {PIN_A "," PIN_B,           2},
        {" " PIN_A ", " PIN_B ",",  2},
        {PIN_A " " PIN_A " " PIN_B, 3},
        {"",                        0},
        {PIN_A,                     0},
        {PIN_A " " PIN_A,           0},
        {PIN_A " sha256//AAAA",     0},
        {PIN_A " sha1//AAAA",       0},
        {PIN_A " " PIN_B "=",       0},
        {PIN_A " sha256//*",        0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pins pins = {.count = 0};
        enum err e = pins_parse(rows[i].text, &pins);

        if (pins.count != rows[i].count || (e == ERR_OK) != (rows[i].count > 0))
            fail_msg("'%s' gives %zu pins", rows[i].text, pins.count);
    }
}

static void there_is_an_end_to_pins(void **state)
{
    char text[(PIN_MAX + 1) * 56 + 1] = "";
    struct pins pins;
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < PIN_MAX; i++)
        len += (size_t)snprintf(
            text + len, sizeof(text) - len, "%s ", i == 0 ? PIN_A : PIN_B);
    assert_int_equal(pins_parse(text, &pins), ERR_OK);
    (void)snprintf(text + len, sizeof(text) - len, PIN_B);
    assert_int_equal(pins_parse(text, &pins), ERR_INVALID);
}

/* --- words --------------------------------------------------------------- */

static void every_level_is_read_back_from_its_name(void **state)
{
    enum proof level;

    (void)state;
    for (int i = PROOF_NONE; i <= PROOF_OWNER; i++) {
        assert_true(proof_parse(proof_name((enum proof)i), &level));
        assert_int_equal(level, i);
    }
    assert_true(proof_parse("exact-device", &level));
    assert_int_equal(level, PROOF_DEVICE);
    assert_false(proof_parse("exact", &level));
    assert_false(proof_parse("vendor ", &level));
}

static void every_reason_has_a_name_and_advice_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < TRUST_REASONS; i++) {
        assert_non_null(trust_reason_name((enum trust_reason)i));
        assert_non_null(trust_reason_advice((enum trust_reason)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(trust_reason_name((enum trust_reason)i),
                trust_reason_name((enum trust_reason)j));
    }
}

/* --- the time floor ------------------------------------------------------ */

static struct timefloor *open_floor(const char *path)
{
    struct timefloor *floor;

    assert_int_equal(timefloor_new(path, &floor), ERR_OK);
    return floor;
}

static void the_floor_rises_and_never_falls(void **state)
{
    struct timefloor *floor = open_floor(NULL);
    int64_t built = timefloor_get(floor);
    bool late = true;

    (void)state;
    assert_true(built > 1700000000);
    assert_true(timefloor_now(floor, &late) >= port_wall_ms() / 1000 - 1);
    assert_false(late);
    timefloor_raise(floor, built - YEAR_S);
    assert_int_equal(timefloor_get(floor), built);
    timefloor_raise(floor, built + YEAR_S);
    assert_int_equal(timefloor_get(floor), built + YEAR_S);
    timefloor_raise(floor, built + 10);
    assert_int_equal(timefloor_get(floor), built + YEAR_S);
    assert_int_equal(timefloor_now(floor, &late), built + YEAR_S);
    assert_true(late);
    timefloor_free(floor);
}

static void a_floor_far_in_the_future_is_not_believed(void **state)
{
    struct timefloor *floor = open_floor(NULL);
    int64_t built = timefloor_get(floor);

    (void)state;
    timefloor_raise(floor, built + 30 * YEAR_S);
    timefloor_raise(floor, INT64_MAX);
    assert_int_equal(timefloor_get(floor), built);
    timefloor_free(floor);
}

static void the_floor_outlives_the_process(void **state)
{
    struct folder folder = {""};
    char path[500], name[256];
    struct timefloor *floor;
    int64_t built;

    (void)state;
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(path, sizeof(path), "%s/time", folder.path);
    floor = open_floor(path);
    built = timefloor_get(floor);
    timefloor_raise(floor, built + 3600);
    timefloor_save(floor); /* less than a day: the flash is spared */
    assert_int_equal(folder_count(&folder, "time", name), 0);
    timefloor_raise(floor, built + YEAR_S);
    timefloor_save(floor);
    timefloor_free(floor);
    floor = open_floor(path);
    assert_int_equal(timefloor_get(floor), built + YEAR_S);
    timefloor_free(floor);
    folder_remove(&folder);
}

static void a_damaged_floor_counts_for_nothing_and_is_mended(void **state)
{
    static const char *const rows[] = {"", "rubbish\n",
        "2999-01-01T00:00:00Z\n",
        ("012345678901234567890123456789012345678901234567890123456789012345678"
         "9")};
    struct folder folder = {""};
    char path[500];

    (void)state;
    assert_int_equal(folder_make(&folder), 0);
    (void)snprintf(path, sizeof(path), "%s/time", folder.path);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct timefloor *floor;
        int64_t built;

        assert_int_equal(file_replace(path, rows[i], strlen(rows[i])), ERR_OK);
        floor = open_floor(path);
        built = timefloor_get(floor);
        assert_true(built < port_wall_ms() / 1000 + 86400);
        timefloor_raise(floor, built + YEAR_S);
        timefloor_save(floor);
        timefloor_free(floor);
    }
    folder_remove(&folder);
}

static void a_floor_that_cannot_be_written_is_kept_in_memory(void **state)
{
    struct timefloor *floor = open_floor("/dev/null/time");
    int64_t built = timefloor_get(floor);

    (void)state;
    timefloor_raise(floor, built + YEAR_S);
    timefloor_save(floor);
    assert_int_equal(timefloor_get(floor), built + YEAR_S);
    timefloor_free(floor);
}

/* --- names --------------------------------------------------------------- */

/* A name of one or two RDNs: O (2.5.4.10) and OU (2.5.4.11), one attribute
 * each, with the string types given. */
struct small_name {
    unsigned char der[128];
    size_t len;
};

static void put_rdn(
    struct small_name *n, unsigned char kind, unsigned char tag, const char *t)
{
    size_t len = strlen(t);
    const unsigned char head[] = {0x31, (unsigned char)(len + 9), 0x30,
        (unsigned char)(len + 7), 0x06, 0x03, 0x55, 0x04, kind, tag,
        (unsigned char)len};

    memcpy(n->der + n->len, head, sizeof(head));
    n->len += sizeof(head);
    for (size_t i = 0; i < len; i++)
        n->der[n->len++] = (unsigned char)t[i];
}

static struct small_name name_of(
    unsigned char tag, const char *o, const char *ou)
{
    struct small_name n = {
        {0x30, 0},
        2
    };

    if (o != NULL)
        put_rdn(&n, 10, tag, o);
    if (ou != NULL)
        put_rdn(&n, 11, tag, ou);
    n.der[1] = (unsigned char)(n.len - 2);
    return n;
}

#define UTF8      0x0c
#define PRINTABLE 0x13
#define BMP       0x1e

static struct dn dn(struct small_name *n)
{
    return (struct dn){n->der, n->len};
}

static void names_are_compared_without_case_and_extra_space(void **state)
{
    static const struct {
        const char *a, *b;
        unsigned char tag_a, tag_b;
        bool equal;
    } rows[] = {
        {"Acme",      "Acme",       UTF8, UTF8,      true },
        {"Acme",      "ACME",       UTF8, PRINTABLE, true },
        {"Acme  Ltd", " acme ltd ", UTF8, UTF8,      true },
        {"Acme",      "Acme Ltd",   UTF8, UTF8,      false},
        {"Acme Ltd",  "Acme",       UTF8, UTF8,      false},
        {"AcmeLtd",   "Acme Ltd",   UTF8, UTF8,      false},
        {"\xc3\xa9",  "\xc3\x89",   UTF8, UTF8,      false},
        {"Acme",      "Acme",       BMP,  UTF8,      false},
        {"Acme",      "Acme",       BMP,  BMP,       true },
        {"Acme",      "ACME",       BMP,  BMP,       false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct small_name a = name_of(rows[i].tag_a, rows[i].a, NULL);
        struct small_name b = name_of(rows[i].tag_b, rows[i].b, NULL);

        if (dn_equal(dn(&a), dn(&b)) != rows[i].equal)
            fail_msg("'%s' and '%s'", rows[i].a, rows[i].b);
    }
}

static void a_name_lies_within_its_beginnings(void **state)
{
    struct small_name none = name_of(UTF8, NULL, NULL);
    struct small_name acme = name_of(UTF8, "Acme", NULL);
    struct small_name model = name_of(UTF8, "Acme", "Thermo-1");
    struct small_name other = name_of(UTF8, "Acme", "Thermo-2");
    struct small_name only_ou = name_of(UTF8, NULL, "Thermo-1");

    (void)state;
    assert_true(dn_within(dn(&model), dn(&acme)));
    assert_true(dn_within(dn(&model), dn(&model)));
    assert_true(dn_within(dn(&model), dn(&none)));
    assert_false(dn_within(dn(&acme), dn(&model)));
    assert_false(dn_within(dn(&model), dn(&other)));
    assert_false(dn_within(dn(&model), dn(&only_ou)));
    assert_true(dn_is_empty(dn(&none)));
    assert_false(dn_is_empty(dn(&acme)));
}

static void a_malformed_name_equals_nothing(void **state)
{
    struct small_name good = name_of(UTF8, "Acme", NULL);
    const unsigned char *value;
    size_t len;

    (void)state;
    for (size_t cut = 0; cut < good.len; cut++) {
        struct dn bad = {good.der, cut};

        assert_false(dn_equal(bad, bad));
        assert_false(dn_within(bad, bad));
        assert_false(dn_is_comparable(bad));
        assert_false(dn_value(bad, "\x55\x04\x0a", &value, &len));
        assert_true(dn_has(bad, "\x55\x04\x0a"));
    }
    assert_false(dn_equal((struct dn){NULL, 0}, (struct dn){NULL, 0}));
}

static void a_value_that_stands_twice_is_no_value(void **state)
{
    struct small_name twice = name_of(UTF8, "Acme", NULL);
    struct small_name once = twice;
    const unsigned char *value;
    size_t len;

    (void)state;
    put_rdn(&twice, 10, UTF8, "Evil");
    twice.der[1] = (unsigned char)(twice.len - 2);
    assert_true(dn_value(dn(&once), "\x55\x04\x0a", &value, &len));
    assert_int_equal(len, 4);
    assert_memory_equal(value, "Acme", 4);
    assert_false(dn_value(dn(&twice), "\x55\x04\x0a", &value, &len));
    assert_false(dn_value(dn(&once), "\x55\x04\x0b", &value, &len));
    assert_true(dn_has(dn(&twice), "\x55\x04\x0a"));
    assert_false(dn_has(dn(&once), "\x55\x04\x0b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_read_as_rfc_3339_says),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_printed_time_is_read_back),
        cmocka_unit_test(two_different_pins_are_needed),
        cmocka_unit_test(there_is_an_end_to_pins),
        cmocka_unit_test(every_level_is_read_back_from_its_name),
        cmocka_unit_test(every_reason_has_a_name_and_advice_of_its_own),
        cmocka_unit_test(the_floor_rises_and_never_falls),
        cmocka_unit_test(a_floor_far_in_the_future_is_not_believed),
        cmocka_unit_test(the_floor_outlives_the_process),
        cmocka_unit_test(a_damaged_floor_counts_for_nothing_and_is_mended),
        cmocka_unit_test(a_floor_that_cannot_be_written_is_kept_in_memory),
        cmocka_unit_test(names_are_compared_without_case_and_extra_space),
        cmocka_unit_test(a_name_lies_within_its_beginnings),
        cmocka_unit_test(a_malformed_name_equals_nothing),
        cmocka_unit_test(a_value_that_stands_twice_is_no_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
