/* CSR attributes: as RFC 7030 shows them, as RFC 9908 mends them, and
 * malformed. */

#include <string.h>

#include "cmocka_all.h"
#include "der_build.h"
#include "hex.h"
#include "identity/csr_wishes.h"

#define CHALLENGE "06092a864886f70d010907"
#define EC        "06072a8648ce3d0201"
#define P256      "06082a8648ce3d030107"
#define P384      "06052b81040022"
#define P521      "06052b81040023"
#define RSA       "06092a864886f70d010101"
#define SHA384    "06082a8648ce3d040303"
#define SHA256    "06082a8648ce3d040302"
#define MAC       "06072b060101010116" /* RFC 7030 section 4.5.2 */
#define TEMPLATE  "060b2a864886f70d010910023d"

/* Attribute { type, SET { value } } in hexadecimal. */
static struct der_hex attribute(const char *type, const char *values)
{
    struct der_hex out = der_item("31", values);

    out = der_join(type, out.hex);
    return der_item("30", out.hex);
}

static enum err read_wishes(const char *content, struct csr_wishes *out)
{
    struct der_hex hex = der_item("30", content);
    struct hex_bytes der = hex_read(hex.hex);
    const char *why = NULL;
    enum err e = csr_wishes_read((struct span){der.bytes, der.len}, out, &why);

    assert_true(e == ERR_OK || why != NULL);
    return e;
}

static void no_answer_and_no_attributes_are_no_wish(void **state)
{
    struct csr_wishes w = {.others = 9};
    const char *why;

    (void)state;
    assert_int_equal(csr_wishes_read((struct span){NULL, 0}, &w, &why), ERR_OK);
    assert_int_equal(w.others, 0);
    assert_int_equal(read_wishes("", &w), ERR_OK);
    assert_true(w.key == CSR_KEY_ANY && !w.channel_binding && w.others == 0);
}

static void a_kind_of_key_can_be_wished_for_in_three_ways(void **state)
{
    static const struct {
        const char *type, *value; /* no value: the OID alone */
        enum csr_key key;
    } table[] = {
        {P256,   NULL,       CSR_KEY_P256 },
        {SHA384, NULL,       CSR_KEY_P384 },
        {SHA256, NULL,       CSR_KEY_ANY  },
        {EC,     NULL,       CSR_KEY_ANY  },
        {RSA,    NULL,       CSR_KEY_OTHER},
        {EC,     P256,       CSR_KEY_P256 },
        {EC,     P384,       CSR_KEY_P384 },
        {EC,     P521,       CSR_KEY_OTHER},
        {RSA,    "02021000", CSR_KEY_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct der_hex wish = table[i].value != NULL
            ? attribute(table[i].type, table[i].value)
            : der_join(table[i].type, "");
        struct csr_wishes w;

        assert_int_equal(read_wishes(wish.hex, &w), ERR_OK);
        assert_int_equal(w.key, table[i].key);
        assert_int_equal(w.others, 0);
    }
}

/* The example of RFC 7030 section 4.5.2. */
static void the_example_of_the_rfc_asks_for_channel_binding(void **state)
{
    struct der_hex all = attribute(EC, P384), mac;
    struct csr_wishes w;

    (void)state;
    mac = attribute("06092a864886f70d01090e", MAC);
    all = der_join(CHALLENGE, all.hex);
    all = der_join(all.hex, mac.hex);
    all = der_join(all.hex, SHA384);
    assert_int_equal(read_wishes(all.hex, &w), ERR_OK);
    assert_true(w.channel_binding);
    assert_int_equal(w.key, CSR_KEY_P384);
    assert_int_equal(w.others, 1);
}

static struct der_hex template(const char *in)
{
    struct der_hex out = der_item("30", in);

    return attribute(TEMPLATE, out.hex);
}

static void a_template_is_read(void **state)
{
    struct der_hex algorithm = der_item("30", EC P384), key, in;
    struct csr_wishes w;

    (void)state;
    algorithm = der_item("30", algorithm.hex);
    key = algorithm; /* [0] IMPLICIT: the SEQUENCE's tag is replaced */
    memcpy(key.hex, "a0", 2);
    in = der_join("020100"
                  "3000",
        key.hex);
    in = der_join(in.hex, "a100");
    in = template(in.hex);
    assert_int_equal(read_wishes(in.hex, &w), ERR_OK);
    assert_true(w.has_template);
    assert_int_equal(w.key, CSR_KEY_P384);
    assert_int_equal(w.others, 1); /* the subject */
    in = template("020100a100");
    assert_int_equal(read_wishes(in.hex, &w), ERR_OK);
    assert_int_equal(w.key, CSR_KEY_ANY);
}

static void check_malformed(const char *hex)
{
    struct csr_wishes w = {.others = 77};

    assert_int_equal(read_wishes(hex, &w), ERR_INVALID);
    assert_int_equal(w.others, 77);
}

static void malformed_attributes_are_refused(void **state)
{
    static const char *const plain[] = {
        "0500", "0600", "3000", "30020500", ("300b" CHALLENGE), "06"};
    static const char *const templates[] = {"020101a100", "020100", "a100",
        "020100a000a100", "020100a1000500", "020100a0023000a100"};

    (void)state;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        check_malformed(plain[i]);
    for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
        check_malformed(template(templates[i]).hex);
    check_malformed(attribute(EC, "").hex);
    check_malformed(attribute(EC, "0500").hex);
    check_malformed(attribute(TEMPLATE, "").hex);
}

static void one_sequence_and_nothing_else_is_taken(void **state)
{
    static const char *const table[] = {"3100", "30000500", "30", "3080"};

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct hex_bytes der = hex_read(table[i]);
        struct csr_wishes w;
        const char *why;

        assert_int_equal(
            csr_wishes_read((struct span){der.bytes, der.len}, &w, &why),
            ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_answer_and_no_attributes_are_no_wish),
        cmocka_unit_test(a_kind_of_key_can_be_wished_for_in_three_ways),
        cmocka_unit_test(the_example_of_the_rfc_asks_for_channel_binding),
        cmocka_unit_test(a_template_is_read),
        cmocka_unit_test(malformed_attributes_are_refused),
        cmocka_unit_test(one_sequence_and_nothing_else_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
