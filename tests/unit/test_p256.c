/* The group P-256, and what a pass code becomes in it. */

#include <string.h>

#include "cmocka_all.h"
#include "hex.h"
#include "identity/pbkdf2.h"
#include "identity/spake2plus_record.h"
#include "ports/port.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(s)  ((struct span){(const unsigned char *)(s), strlen(s)})
#define ORDER    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_LESS_1                                                           \
    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE   "0000000000000000000000000000000000000000000000000000000000000001"
#define TWO   "0000000000000000000000000000000000000000000000000000000000000002"

/* The port as it is, unless a test has no randomness. */
enum err __real_port_random(void *bytes, size_t len);
enum err __wrap_port_random(void *bytes, size_t len);
static bool exhausted;
static unsigned asked;

enum err __wrap_port_random(void *bytes, size_t len)
{
    asked++;
    return exhausted ? ERR_IO : __real_port_random(bytes, len);
}

/* So is the allocator: mbedTLS and we allocate by calloc. */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
static unsigned allocations, fails_at; /* 0: none */

void *__wrap_calloc(size_t count, size_t size)
{
    return ++allocations == fails_at ? NULL : __real_calloc(count, size);
}

/* --- the group ----------------------------------------------------------- */

static void a_product_is_the_sum_of_its_parts(void **state)
{
    struct hex_bytes two = hex_read(TWO);
    unsigned char sum[P256_POINT], product[P256_POINT], back[P256_POINT];

    (void)state;
    assert_int_equal(p256_add(p256_base, p256_base, sum), ERR_OK);
    assert_int_equal(p256_multiply(two.bytes, p256_base, product), ERR_OK);
    assert_memory_equal(sum, product, P256_POINT);
    assert_int_equal(p256_subtract(sum, p256_base, back), ERR_OK);
    assert_memory_equal(back, p256_base, P256_POINT);
}

static void what_ends_at_infinity_is_refused(void **state)
{
    struct hex_bytes last = hex_read(ORDER_LESS_1);
    unsigned char out[P256_POINT] = {7}, negative[P256_POINT];

    (void)state;
    assert_int_equal(p256_multiply(last.bytes, p256_base, negative), ERR_OK);
    assert_int_equal(p256_add(p256_base, negative, out), ERR_INVALID);
    assert_int_equal(p256_subtract(p256_base, p256_base, out), ERR_INVALID);
    assert_int_equal(out[0], 7);
}

static void a_scalar_is_from_1_to_below_the_order(void **state)
{
    static const char *const wrong[] = {ZEROS, ORDER,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    struct hex_bytes one = hex_read(ONE);
    unsigned char out[P256_POINT];

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        struct hex_bytes v = hex_read(wrong[i]);

        assert_int_equal(p256_multiply(v.bytes, p256_base, out), ERR_INVALID);
    }
    assert_int_equal(p256_multiply(one.bytes, p256_base, out), ERR_OK);
    assert_memory_equal(out, p256_base, P256_POINT);
}

static void every_operation_checks_its_points(void **state)
{
    struct hex_bytes two = hex_read(TWO);
    unsigned char bad[P256_POINT], out[P256_POINT];

    (void)state;
    memcpy(bad, p256_base, P256_POINT);
    bad[64] ^= 1;
    assert_int_equal(p256_multiply(two.bytes, bad, out), ERR_INVALID);
    assert_int_equal(p256_add(bad, p256_base, out), ERR_INVALID);
    assert_int_equal(p256_add(p256_base, bad, out), ERR_INVALID);
    assert_int_equal(p256_subtract(bad, p256_base, out), ERR_INVALID);
    assert_int_equal(p256_subtract(p256_base, bad, out), ERR_INVALID);
}

static void a_multiplication_is_blinded_or_does_not_happen(void **state)
{
    struct hex_bytes scalar = hex_read(ORDER_LESS_1);
    unsigned char out[P256_POINT];

    (void)state;
    asked = 0;
    assert_int_equal(p256_multiply(scalar.bytes, p256_base, out), ERR_OK);
    assert_true(asked > 0);
    exhausted = true;
    assert_int_equal(p256_multiply(scalar.bytes, p256_base, out), ERR_IO);
    assert_int_equal(p256_random(out), ERR_IO);
    exhausted = false;
}

static void numbers_are_reduced_modulo_the_order(void **state)
{
    struct hex_bytes zero = hex_read(ORDER), five = hex_read("01" ORDER);
    unsigned char out[P256_SCALAR];

    (void)state;
    assert_int_equal(
        p256_reduce((struct span){zero.bytes, zero.len}, out), ERR_INVALID);
    /* 2^256 + n is 2^256 modulo n. */
    assert_int_equal(
        p256_reduce((struct span){five.bytes, five.len}, out), ERR_OK);
    five = hex_read(
        "00000000ffffffff00000000000000004319055258e8617b0c46353d039cdaaf");
    assert_memory_equal(out, five.bytes, P256_SCALAR);
}

static void random_scalars_differ(void **state)
{
    unsigned char a[P256_SCALAR], b[P256_SCALAR];

    (void)state;
    assert_int_equal(p256_random(a), ERR_OK);
    assert_int_equal(p256_random(b), ERR_OK);
    assert_memory_not_equal(a, b, P256_SCALAR);
}

/* --- from a code --------------------------------------------------------- */

/* RFC 7914 section 11, and two of Python's hashlib. */
static void passwords_are_stretched_as_published(void **state)
{
    static const struct {
        const char *password, *salt;
        uint32_t iterations;
        const char *hex;
    } table[] = {
        {"passwd",                                                      "salt",                              1,
         "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"},
        {"Password",                                                    "NaCl",                              80000,
         "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"},
        {"",                                                            "",                                  1,
         "f7ce0b653d2d72a4108cf5abe912ffdd777616dbbb27a70e8204f3ae2d0f6fad"},
        {"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
         "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk", "salt of another size than sixteen", 3,
         "aa7752fc61731680b000321fe0f74e9296c9df7826e64057a56898179d73bf53"},
    };
    unsigned char out[PBKDF2_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct hex_bytes v = hex_read(table[i].hex);

        assert_int_equal(pbkdf2_sha256(TEXT(table[i].password),
                             TEXT(table[i].salt), table[i].iterations, out),
            ERR_OK);
        assert_memory_equal(out, v.bytes, PBKDF2_BYTES);
    }
    assert_int_equal(pbkdf2_sha256(TEXT("a"), TEXT("b"), 0, out), ERR_INVALID);
}

#define THING "acme:thermo-1:4711"

static struct spake2plus_code code_of(
    const char *code, const char *thing, uint32_t iterations)
{
    static const unsigned char salt[SPAKE2PLUS_SALT] = {
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

    return (struct spake2plus_code){
        TEXT(code), TEXT("user"), TEXT(thing), {salt, sizeof(salt)},
        iterations
    };
}

/* Computed with Python's hashlib and hmac; the page's test has it too. */
static void a_code_becomes_the_same_secrets_everywhere(void **state)
{
    struct spake2plus_code code = code_of("1234567890", THING, 1000);
    struct hex_bytes w0 = hex_read(
        "a1365274a2bb35d6429be959780246802501e4fe8bcef5407c3d07fd2912d763");
    struct hex_bytes w1 = hex_read(
        "4e8cb0d35b2b34086a60bba7f7f4e58c32d0d6e9633c78c0dd0bf2483fd0fb9a");
    struct spake2plus_secrets secrets;

    (void)state;
    assert_int_equal(spake2plus_stretch(&code, &secrets), ERR_OK);
    assert_memory_equal(secrets.w0, w0.bytes, P256_SCALAR);
    assert_memory_equal(secrets.w1, w1.bytes, P256_SCALAR);
    code.iterations = 0;
    assert_int_equal(spake2plus_stretch(&code, &secrets), ERR_INVALID);
}

static void each_part_of_a_code_counts(void **state)
{
    const struct spake2plus_code table[] = {code_of("1234567891", THING, 10),
        code_of("1234567890", "acme", 10), code_of("1234567890" THING, "", 10),
        code_of("1234567890", THING, 11)};
    struct spake2plus_code code = code_of("1234567890", THING, 10);
    struct spake2plus_secrets first, other;

    (void)state;
    assert_int_equal(spake2plus_stretch(&code, &first), ERR_OK);
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(spake2plus_stretch(&table[i], &other), ERR_OK);
        assert_memory_not_equal(&first, &other, sizeof(first));
    }
    code.salt.len--;
    assert_int_equal(spake2plus_stretch(&code, &other), ERR_OK);
    assert_memory_not_equal(&first, &other, sizeof(first));
}

static void a_registered_code_opens_its_record(void **state)
{
    static const struct spake2plus_names names;
    struct spake2plus_code code = code_of("1234567890", THING, 10);
    unsigned char confirm[SPAKE2PLUS_CONFIRM], key_p[SPAKE2PLUS_KEY],
        key_v[SPAKE2PLUS_KEY];
    struct spake2plus_secrets secrets;
    struct spake2plus_record record;
    struct spake2plus_prover *prover;
    struct spake2plus *run;
    struct spake2plus_answer answer;

    (void)state;
    assert_int_equal(spake2plus_stretch(&code, &secrets), ERR_OK);
    assert_int_equal(spake2plus_register(&secrets, &record), ERR_OK);
    assert_int_equal(spake2plus_prover_start(&secrets, &prover), ERR_OK);
    assert_int_equal(
        spake2plus_start(&record, &names,
            (struct span){spake2plus_prover_share(prover), P256_POINT}, &run),
        ERR_OK);
    answer = (struct spake2plus_answer){
        {spake2plus_share(run),   P256_POINT        },
        {spake2plus_confirm(run), SPAKE2PLUS_CONFIRM}
    };
    assert_int_equal(
        spake2plus_prover_finish(prover, &names, &answer, confirm, key_p),
        ERR_OK);
    assert_int_equal(
        spake2plus_finish(run, (struct span){confirm, sizeof(confirm)}, key_v),
        ERR_OK);
    assert_memory_equal(key_p, key_v, SPAKE2PLUS_KEY);
    spake2plus_prover_free(prover);
    spake2plus_free(run);
}

static enum err prove_a_code(void)
{
    static const struct spake2plus_names names;
    struct spake2plus_code code = code_of("1234567890", THING, 1);
    struct spake2plus_secrets secrets;
    struct spake2plus_record record;
    struct spake2plus_prover *prover = NULL;
    struct spake2plus *run = NULL;
    enum err e = spake2plus_stretch(&code, &secrets);

    if (e == ERR_OK)
        e = spake2plus_register(&secrets, &record);
    if (e == ERR_OK)
        e = spake2plus_prover_start(&secrets, &prover);
    if (e == ERR_OK)
        e = spake2plus_start(&record, &names,
            (struct span){spake2plus_prover_share(prover), P256_POINT}, &run);
    spake2plus_prover_free(prover);
    spake2plus_free(run);
    return e;
}

/* ASan sees what a failure leaves behind.  The many of one multiplication are
 * alike: not each of them is failed. */
static void each_lack_of_memory_is_told(void **state)
{
    unsigned told = 0;

    (void)state;
    for (fails_at = 1;; fails_at += fails_at < 100 ? 1 : 17) {
        enum err e;

        allocations = 0;
        e = prove_a_code();
        if (allocations < fails_at)
            break;
        assert_int_equal(e, ERR_NO_MEMORY);
        told++;
    }
    fails_at = 0;
    assert_true(told > 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_is_the_sum_of_its_parts),
        cmocka_unit_test(what_ends_at_infinity_is_refused),
        cmocka_unit_test(a_scalar_is_from_1_to_below_the_order),
        cmocka_unit_test(every_operation_checks_its_points),
        cmocka_unit_test(a_multiplication_is_blinded_or_does_not_happen),
        cmocka_unit_test(numbers_are_reduced_modulo_the_order),
        cmocka_unit_test(random_scalars_differ),
        cmocka_unit_test(passwords_are_stretched_as_published),
        cmocka_unit_test(a_code_becomes_the_same_secrets_everywhere),
        cmocka_unit_test(each_part_of_a_code_counts),
        cmocka_unit_test(a_registered_code_opens_its_record),
        cmocka_unit_test(each_lack_of_memory_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
