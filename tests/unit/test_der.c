/* What certs/der writes and certs/reader accepts: X.690, RFC 5280 4.1.2.5. */

#include <stdio.h>
#include <string.h>

#include "certs/der.h"
#include "certs/extensions.h"
#include "cmocka_all.h"
#include "identity/oid.h"
#include "identity/reader.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static unsigned char buffer[1000];

static struct der started(void)
{
    struct der d;

    der_start(&d, buffer, sizeof(buffer));
    return d;
}

static void assert_der(const struct der *d, const char *hex)
{
    char written[2 * sizeof(buffer) + 1] = "";
    struct span s;

    assert_int_equal(der_done(d, &s), ERR_OK);
    for (size_t i = 0; i < s.len; i++)
        (void)snprintf(written + 2 * i, 3, "%02x", s.at[i]);
    assert_string_equal(written, hex);
}

static void integers_are_as_short_as_positive_allows(void **state)
{
    static const struct {
        uint64_t number;
        const char *hex;
    } table[] = {
        {0,          "020100"                },
        {1,          "020101"                },
        {127,        "02017f"                },
        {128,        "02020080"              },
        {255,        "020200ff"              },
        {256,        "02020100"              },
        {32768,      "0203008000"            },
        {UINT64_MAX, "020900ffffffffffffffff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct der d = started();

        der_put_number(&d, table[i].number);
        assert_der(&d, table[i].hex);
    }
}

static void named_bits_lose_their_trailing_zeros(void **state)
{
    static const struct {
        unsigned char flags;
        const char *hex;
    } table[] = {
        {0x80, "03020780"},
        {0x06, "03020106"},
        {0x04, "03020204"},
        {0x01, "03020001"},
        {0x00, "030100"  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct der d = started();

        der_put_flags(&d, table[i].flags);
        assert_der(&d, table[i].hex);
    }
}

static void times_change_their_form_in_2050(void **state)
{
    static const struct {
        int64_t seconds;
        unsigned char tag;
        const char *text;
    } table[] = {
        {0,               DER_UTC_TIME,         "700101000000Z"  },
        {2524607999,      DER_UTC_TIME,         "491231235959Z"  },
        {2524608000,      DER_GENERALIZED_TIME, "20500101000000Z"},
        {READER_FOR_EVER, DER_GENERALIZED_TIME, "99991231235959Z"},
        {1709164800,      DER_UTC_TIME,         "240229000000Z"  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct der d = started();
        struct span s;
        struct item item;
        int64_t back;

        der_put_time(&d, table[i].seconds);
        assert_int_equal(der_done(&d, &s), ERR_OK);
        assert_true(reader_whole(s, table[i].tag, &item));
        assert_int_equal(item.content.len, strlen(table[i].text));
        assert_memory_equal(item.content.at, table[i].text, item.content.len);
        assert_true(reader_time(&item, &back));
        assert_int_equal(back, table[i].seconds);
    }
}

static void a_time_that_no_certificate_can_say_is_an_error(void **state)
{
    static const int64_t table[] = {
        -1, INT64_MIN, READER_FOR_EVER + 1, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct der d = started();
        struct span s;

        der_put_time(&d, table[i]);
        assert_int_equal(der_done(&d, &s), ERR_INVALID);
    }
}

static void times_of_another_form_are_not_read(void **state)
{
    static const struct {
        unsigned char tag;
        const char *text;
    } table[] = {
        {DER_UTC_TIME,         "260101000000"     },
        {DER_UTC_TIME,         "2601010000Z"      },
        {DER_UTC_TIME,         "260101000000+0000"},
        {DER_UTC_TIME,         "261301000000Z"    },
        {DER_UTC_TIME,         "260230000000Z"    },
        {DER_UTC_TIME,         "260101240000Z"    },
        {DER_UTC_TIME,         "260101000060Z"    },
        {DER_UTC_TIME,         "2601010000 0Z"    },
        {DER_UTC_TIME,         "26010100000\0Z"   },
        {DER_GENERALIZED_TIME, "260101000000Z"    },
        {DER_GENERALIZED_TIME, "20260101000000.Z" },
        {DER_UTF8,             "260101000000Z"    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct item item = {
            .tag = table[i].tag,
            .content = {(const unsigned char *)table[i].text,
                        i == 8 ? 13 : strlen(table[i].text)}
        };
        int64_t seconds = 7;

        assert_false(reader_time(&item, &seconds));
        assert_int_equal(seconds, 7);
    }
}

static void object_identifiers_are_written_and_read_back(void **state)
{
    static const struct {
        const char *dotted;
        const char *hex;
    } table[] = {
        {"2.5.4.3",            "0603550403"          },
        {"1.3.6.1.4.1.32473",  "06082b0601040181fd59"},
        {"1.2.840.10045.2.1",  "06072a8648ce3d0201"  },
        {"1.3.6.1.4.1.999999", "06082b06010401bd843f"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct der d = started();
        struct span s;
        struct item item;
        char dotted[READER_OID_SIZE];

        der_put_oid(&d, table[i].dotted);
        assert_der(&d, table[i].hex);
        assert_int_equal(der_done(&d, &s), ERR_OK);
        assert_true(reader_whole(s, DER_OID, &item));
        assert_true(reader_oid(item.content, dotted));
        assert_string_equal(dotted, table[i].dotted);
    }
}

static void an_object_identifier_that_is_none_is_an_error(void **state)
{
    struct der d = started();
    struct span s;

    (void)state;
    der_put_oid(&d, "1.a");
    assert_int_equal(der_done(&d, &s), ERR_INVALID);
}

static void what_does_not_fit_is_told_at_the_end_and_writes_nothing_outside(
    void **state)
{
    (void)state;
    for (size_t room = 0; room < 9; room++) {
        unsigned char small[10];
        struct der d;
        struct span s;

        memset(small, 0x55, sizeof(small));
        der_start(&d, small + 1, room);
        der_put_text(&d, DER_UTF8, "four");
        der_wrap(&d, DER_SEQUENCE, 0);
        assert_int_equal(der_done(&d, &s), room < 8 ? ERR_TOO_BIG : ERR_OK);
        assert_int_equal(small[0], 0x55);
        assert_int_equal(small[room + 1 < 10 ? room + 1 : 0], 0x55);
    }
}

static void long_lengths_are_written_and_read_back(void **state)
{
    static const size_t table[] = {0, 1, 127, 128, 255, 256, 900};
    static const unsigned char zero[900];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct der d = started();
        struct span s;
        struct item item;

        der_put_tagged(&d, DER_OCTET_STRING, (struct span){zero, table[i]});
        assert_int_equal(der_done(&d, &s), ERR_OK);
        assert_true(reader_whole(s, DER_OCTET_STRING, &item));
        assert_int_equal(item.content.len, table[i]);
    }
}

/* X.690 10.1 and 8.1: what BER has and DER has not. */
static void lengths_that_der_forbids_are_not_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } table[] = {
        {"",                         0},
        {"\x04",                     1},
        {"\x04\x01",                 2}, /* content past the end */
        {"\x04\x80\x00\x00",         4}, /* indefinite */
        {"\x04\x81\x01\x00",         4}, /* fits one octet */
        {"\x04\x82\x00\x80",         4}, /* a zero before */
        {"\x04\x85\x01\x00\x00\x00", 6}, /* more than 4 octets */
        {"\x04\x84\xff\xff\xff\xff", 6}, /* 4 GiB */
        {"\x1f\x81\x01\x00",         4}, /* a tag above 30 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct span rest = {
            (const unsigned char *)table[i].bytes, table[i].len};
        struct item item = {.tag = 9};

        assert_false(reader_next(&rest, &item));
        assert_int_equal(rest.len, table[i].len);
        assert_int_equal(item.tag, 9);
    }
}

static void something_behind_the_whole_is_seen(void **state)
{
    struct item item;

    (void)state;
    assert_true(reader_whole(
        (struct span){(const unsigned char *)"\x04\x01x", 3}, 4, &item));
    assert_false(reader_whole(
        (struct span){(const unsigned char *)"\x04\x01xy", 4}, 4, &item));
    assert_false(reader_whole(
        (struct span){(const unsigned char *)"\x04\x01x", 3}, 5, &item));
}

static void an_end_entity_has_an_empty_basic_constraints(void **state)
{
    struct der d = started();

    (void)state;
    extension_basic_constraints(&d, EXTENSION_NOT_A_CA);
    assert_der(&d, "300c0603551d130101ff04023000");
    d = started();
    extension_basic_constraints(&d, 0);
    assert_der(&d, "30120603551d130101ff040830060101ff020100");
}

/* RFC 5280 4.2.1.10: directoryName is a CHOICE, so its tag is explicit. */
static void name_constraints_are_written_as_the_profile_wants(void **state)
{
    const struct subject permitted = {.organization = "A"};
    struct der d = started();

    (void)state;
    extension_name_constraints(&d, &permitted);
    assert_der(&d,
        "305e0603551d1e0101ff04543052"
        "a0123010a40e300c310a3008060355040a0c0141"
        "a13c"
        "30028200300a87080000000000000000"
        "30228720"
        "0000000000000000000000000000000000000000000000000000000000000000"
        "3002810030028600");
}

static void a_hardware_module_name_is_written_as_rfc_4108_says(void **state)
{
    struct der d = started();

    (void)state;
    extension_hardware_module(&d, "1.3.6.1.4.1.32473", "S1");
    assert_der(&d,
        "30270603551d110420"
        "301ea01c06082b06010505070804a010"
        "300e"
        "06082b0601040181fd5904025331");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_as_short_as_positive_allows),
        cmocka_unit_test(named_bits_lose_their_trailing_zeros),
        cmocka_unit_test(times_change_their_form_in_2050),
        cmocka_unit_test(a_time_that_no_certificate_can_say_is_an_error),
        cmocka_unit_test(times_of_another_form_are_not_read),
        cmocka_unit_test(object_identifiers_are_written_and_read_back),
        cmocka_unit_test(an_object_identifier_that_is_none_is_an_error),
        cmocka_unit_test(
            what_does_not_fit_is_told_at_the_end_and_writes_nothing_outside),
        cmocka_unit_test(long_lengths_are_written_and_read_back),
        cmocka_unit_test(lengths_that_der_forbids_are_not_read),
        cmocka_unit_test(something_behind_the_whole_is_seen),
        cmocka_unit_test(an_end_entity_has_an_empty_basic_constraints),
        cmocka_unit_test(name_constraints_are_written_as_the_profile_wants),
        cmocka_unit_test(a_hardware_module_name_is_written_as_rfc_4108_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
