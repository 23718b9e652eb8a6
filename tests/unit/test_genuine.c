/* What a path proves about a device: chains as a factory makes them, and such
 * as a vendor would make who wants to speak for another one. */

#include "identity/genuine.h"

#include <string.h>

#include "cmocka_all.h"
#include "identity/oid.h"
#include "identity/path.h"
#include "mint.h"

#define PEN "1.3.6.1.4.1.32473"

static struct party program, acme, batch, globex;

/* A chain from the leaf up; `from` below is where an anchor begins. */
struct scene {
    mbedtls_x509_crt chain;
};

static void add(
    struct scene *s, const struct party *subject, const struct mint_plan *plan)
{
    struct bytes der = mint(subject, plan);

    mint_add(&s->chain, &der);
    bytes_free(&der);
}

static void add_ca(struct scene *s, const struct party *subject,
    const struct party *issuer, const char *constraints)
{
    struct bytes nc = {NULL, 0};

    if (constraints != NULL)
        nc = mint_constraints(constraints);
    add(s, subject,
        &(struct mint_plan){
            .issuer = issuer, .is_ca = true, .constraints = bytes_span(&nc)});
    bytes_free(&nc);
}

static void add_device(struct scene *s, const struct subject *name,
    const struct party *issuer, struct span names)
{
    struct party device = party_new(name);

    mbedtls_x509_crt_init(&s->chain);
    add(s, &device, &(struct mint_plan){.issuer = issuer, .names = names});
    party_free(&device);
}

static const struct subject good = {
    "Acme", "Thermo-1", "acme:thermo-1:SN-7", "SN-7"};

/* Device, batch CA, vendor CA, program root. */
static void open_good(struct scene *s)
{
    add_device(s, &good, &batch, (struct span){NULL, 0});
    add_ca(s, &batch, &acme, "+dir:Acme/Thermo-1");
    add_ca(s, &acme, &program, "+dir:Acme");
    add_ca(s, &program, NULL, NULL);
}

/* The path's first `count` certificates; frees the scene. */
static enum trust_reason close_and_ask(struct scene *s, size_t count,
    const struct genuine_question *q, enum proof *level)
{
    struct path path = {.count = 0};
    enum trust_reason reason;

    for (const mbedtls_x509_crt *c = &s->chain; c != NULL && path.count < count;
         c = c->next)
        path.certificates[path.count++] = c;
    assert_int_equal(path.count, count);
    reason = genuine_check(&path, q, level);
    mbedtls_x509_crt_free(&s->chain);
    return reason;
}

#define EXPECT(reason, expected)                                               \
    assert_string_equal(trust_reason_name(reason), trust_reason_name(expected))

static void what_is_asked_decides_how_much_is_proved(void **state)
{
    static const struct {
        struct genuine_question question;
        enum trust_reason reason;
        enum proof level;
    } rows[] = {
  /* The batch CA's OU says the model. */
        {{0},                                           TRUST_OK,     PROOF_MODEL },
        {{.model = "Thermo-1"},                         TRUST_OK,     PROOF_MODEL },
        {{.model = "thermo-1"},                         TRUST_MODEL,  PROOF_VENDOR},
        {{.model = "Thermo-2"},                         TRUST_MODEL,  PROOF_VENDOR},
        {{.model = ""},                                 TRUST_MODEL,  PROOF_VENDOR},
        {{.serial = "SN-7"},                            TRUST_OK,     PROOF_DEVICE},
        {{.serial = "sn-7"},                            TRUST_SERIAL, PROOF_MODEL },
        {{.serial = "SN-70"},                           TRUST_SERIAL, PROOF_MODEL },
        {{.serial = ""},                                TRUST_SERIAL, PROOF_MODEL },
        {{.model = "Thermo-1", .serial = "SN-7"},       TRUST_OK,     PROOF_DEVICE},
        {{.model = "Thermo-2", .serial = "SN-7"},       TRUST_MODEL,  PROOF_VENDOR},
        {{.min_level = PROOF_VENDOR},                   TRUST_OK,     PROOF_MODEL },
        {{.min_level = PROOF_MODEL},                    TRUST_OK,     PROOF_MODEL },
        {{.min_level = PROOF_DEVICE},                   TRUST_LEVEL,  PROOF_MODEL },
        {{.serial = "SN-7", .min_level = PROOF_DEVICE}, TRUST_OK,     PROOF_DEVICE},
        {{.serial = "SN-7", .min_level = PROOF_OWNER},  TRUST_LEVEL,
         PROOF_DEVICE                                                             },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum proof level = PROOF_OWNER;
        enum trust_reason reason;
        struct scene s;

        open_good(&s);
        reason = close_and_ask(&s, 3, &rows[i].question, &level);
        if (reason != rows[i].reason || level != rows[i].level)
            fail_msg("row %zu: %s, %s", i, trust_reason_name(reason),
                proof_name(level));
    }
}

static void a_ca_for_all_models_proves_the_vendor_alone(void **state)
{
    enum proof level;
    struct scene s;

    (void)state;
    add_device(&s, &good, &acme, (struct span){NULL, 0});
    add_ca(&s, &acme, NULL, NULL);
    EXPECT(close_and_ask(
               &s, 2, &(struct genuine_question){.serial = NULL}, &level),
        TRUST_OK);
    assert_int_equal(level, PROOF_VENDOR);
}

/* --- whose devices ------------------------------------------------------- */

/* By nothing but its own O: also where no name constraints hold it. */
static void a_vendors_ca_does_not_speak_for_another_vendor(void **state)
{
    static const char *const vendors[] = {
        "Globex", "acme", "ACME", "Acme ", "Acme Ltd", "Acm"};
    enum proof level;
    struct scene s;

    (void)state;
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++) {
        struct party liar =
            party_new(&(struct subject){.organization = vendors[i]});

        add_device(&s, &good, &liar, (struct span){NULL, 0});
        add_ca(&s, &liar, NULL, NULL);
        EXPECT(close_and_ask(
                   &s, 2, &(struct genuine_question){.serial = "SN-7"}, &level),
            TRUST_VENDOR);
        assert_int_equal(level, PROOF_NONE);
        party_free(&liar);
    }
}

static void each_ca_of_the_path_must_be_the_vendors(void **state)
{
    enum proof level;
    struct scene s;

    (void)state;
    add_device(&s, &good, &batch, (struct span){NULL, 0});
    add_ca(&s, &batch, &globex, NULL); /* "O=Acme, OU=Thermo-1", by Globex */
    add_ca(&s, &globex, NULL, NULL);
    EXPECT(close_and_ask(
               &s, 3, &(struct genuine_question){.serial = NULL}, &level),
        TRUST_VENDOR);
}

static void a_device_vouches_not_for_itself(void **state)
{
    enum proof level;

    (void)state;
    for (int is_program = 0; is_program < 2; is_program++) {
        struct scene s;

        add_device(&s, &good, NULL, (struct span){NULL, 0});
        EXPECT(close_and_ask(&s, 1,
                   &(struct genuine_question){
                       .anchor_is_program = is_program == 1},
                   &level),
            TRUST_VENDOR);
    }
}

static void a_root_above_vendors_is_believed_only_as_such(void **state)
{
    const struct genuine_question plain = {.serial = NULL},
                                  above = {.anchor_is_program = true};
    enum proof level;
    struct scene s;

    (void)state;
    open_good(&s);
    EXPECT(close_and_ask(&s, 4, &above, &level), TRUST_OK);
    assert_int_equal(level, PROOF_MODEL);
    open_good(&s); /* the program's O is not Acme */
    EXPECT(close_and_ask(&s, 4, &plain, &level), TRUST_VENDOR);
    /* The root itself issues no devices. */
    add_device(&s, &good, &program, (struct span){NULL, 0});
    add_ca(&s, &program, NULL, NULL);
    EXPECT(close_and_ask(&s, 2, &above, &level), TRUST_VENDOR);
}

/* Below a root of several vendors, a CA that nothing holds to its vendor could
 * take another's name tomorrow. */
static void below_a_program_root_a_vendor_must_be_held_to_its_name(void **state)
{
    static const struct {
        const char *constraints; /* the vendor CA's */
        enum trust_reason reason;
    } rows[] = {
        {NULL,                    TRUST_VENDOR},
        {"+dir:Acme",             TRUST_OK    },
        {"+dir:Acme -dns: -uri:", TRUST_OK    },
        {"+dir:Acme/Thermo-1",    TRUST_OK    },
 /* There, and hold nobody. */
        {"-dns:",                 TRUST_VENDOR},
        {"+dns:acme.test",        TRUST_VENDOR},
        {"-dir:Globex",           TRUST_VENDOR},
        {"+dir:",                 TRUST_VENDOR},
        {"+dir:Globex",           TRUST_VENDOR},
        {"+dir:Acme +dir:Globex", TRUST_VENDOR},
        {"+dir:Acme?max",         TRUST_VENDOR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum trust_reason reason;
        enum proof level;
        struct scene s;

        add_device(&s, &good, &acme, (struct span){NULL, 0});
        add_ca(&s, &acme, &program, rows[i].constraints);
        add_ca(&s, &program, NULL, NULL);
        reason = close_and_ask(&s, 3,
            &(struct genuine_question){.anchor_is_program = true}, &level);
        if (reason != rows[i].reason)
            fail_msg("\"%s\": %s",
                rows[i].constraints ? rows[i].constraints : "",
                trust_reason_name(reason));
    }
}

/* --- what is a nameplate ------------------------------------------------- */

static void a_nameplate_has_each_field_once_and_they_agree(void **state)
{
    static const struct {
        struct subject name;
        enum trust_reason reason;
    } rows[] = {
        {{"Acme", "Thermo-1", "acme:thermo-1:SN-7", "SN-7"},   TRUST_OK       },
        {{NULL, "Thermo-1", "acme:thermo-1:SN-7", "SN-7"},     TRUST_NAMEPLATE},
        {{"Acme", NULL, "acme:thermo-1:SN-7", "SN-7"},         TRUST_NAMEPLATE},
        {{"Acme", "Thermo-1", NULL, "SN-7"},                   TRUST_NAMEPLATE},
        {{"Acme", "Thermo-1", "acme:thermo-1:SN-7", NULL},     TRUST_NAMEPLATE},
        {{"Acme", "Thermo-1", "acme:thermo-1:SN-8", "SN-7"},   TRUST_NAMEPLATE},
        {{"Acme", "Thermo-1", "acme:thermo-1:sn-7", "SN-7"},   TRUST_NAMEPLATE},
        {{"Acme", "Thermo-1", "Acme:Thermo-1:SN-7", "SN-7"},   TRUST_NAMEPLATE},
        {{"Acme", "Thermo-1", "SN-7", "SN-7"},                 TRUST_NAMEPLATE},
        {{"Acme", "Thermo-1", "globex:thermo-1:SN-7", "SN-7"}, TRUST_NAMEPLATE},
        {{"Acme", "", "acme::SN-7", "SN-7"},                   TRUST_NAMEPLATE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum trust_reason reason;
        enum proof level;
        struct scene s;

        add_device(&s, &rows[i].name, &acme, (struct span){NULL, 0});
        add_ca(&s, &acme, NULL, NULL);
        reason = close_and_ask(
            &s, 2, &(struct genuine_question){.serial = NULL}, &level);
        if (reason != rows[i].reason)
            fail_msg("row %zu: %s", i, trust_reason_name(reason));
        if (reason != TRUST_OK)
            assert_int_equal(level, PROOF_NONE);
    }
}

/* One name behind another: which of both would the reader take? */
static struct party twice(const struct subject *a, const struct subject *b)
{
    unsigned char room[1024];
    struct party p = party_new(a);
    struct span whole;
    struct der d;

    der_start(&d, room, sizeof(room));
    subject_put(&d, b);
    assert_int_equal(der_done(&d, &whole), ERR_OK);
    /* Short names: their SEQUENCEs have headers of two octets. */
    assert_true(p.name.at[1] < 0x80 && whole.at[1] < 0x80);
    der_start(&d, room, sizeof(room) - 512);
    {
        unsigned char both[512];
        size_t first = p.name.len - 2, second = whole.len - 2;

        memcpy(both, p.name.at + 2, first);
        memcpy(both + first, whole.at + 2, second);
        der_put_tagged(&d, DER_SEQUENCE, (struct span){both, first + second});
    }
    assert_int_equal(der_done(&d, &whole), ERR_OK);
    bytes_free(&p.name);
    assert_int_equal(bytes_copy(whole, &p.name), ERR_OK);
    return p;
}

static void a_field_that_stands_twice_is_none(void **state)
{
    static const struct subject extra[] = {{.organization = "Globex"},
        {.organization = "Acme"}, {.organization_unit = "Thermo-2"},
        {.serial_number = "SN-8"}, {.common_name = "globex:thermo-1:SN-7"}};
    static const struct subject short_name = {"A", "T", "a:t:1", "1"};
    static const struct subject vendor = {.organization = "A"};
    struct party a = party_new(&vendor);

    (void)state;
    for (size_t i = 0; i <= sizeof(extra) / sizeof(extra[0]); i++) {
        struct party device =
            i == 0 ? party_new(&short_name) : twice(&short_name, &extra[i - 1]);
        enum proof level;
        struct scene s;

        mbedtls_x509_crt_init(&s.chain);
        add(&s, &device, &(struct mint_plan){.issuer = &a});
        add_ca(&s, &a, NULL, NULL);
        EXPECT(close_and_ask(
                   &s, 2, &(struct genuine_question){.serial = NULL}, &level),
            i == 0 ? TRUST_OK : TRUST_NAMEPLATE);
        party_free(&device);
    }
    party_free(&a);
}

/* hardwareModuleName says the serial number once more. */
static struct bytes hardware_names(const char *first, const char *second)
{
    unsigned char room[512];
    struct bytes out = {NULL, 0};
    struct span whole;
    struct der d;

    der_start(&d, room, sizeof(room));
    for (int i = 2; i-- > 0;) {
        const char *serial = i == 0 ? first : second;
        size_t mark = der_mark(&d);

        if (serial == NULL)
            continue;
        der_put_text(&d, DER_OCTET_STRING, serial);
        der_put_oid(&d, PEN);
        der_wrap(&d, DER_SEQUENCE, mark);
        der_wrap(&d, DER_CONTEXT_CONSTRUCTED(0), mark);
        der_put_oid(&d, OID_HARDWARE_MODULE);
        der_wrap(&d, DER_CONTEXT_CONSTRUCTED(0), mark);
    }
    der_wrap(&d, DER_SEQUENCE, 0);
    assert_int_equal(der_done(&d, &whole), ERR_OK);
    assert_int_equal(bytes_copy(whole, &out), ERR_OK);
    return out;
}

static void a_hardware_serial_must_agree(void **state)
{
    static const struct {
        const char *first, *second;
        enum trust_reason reason;
    } rows[] = {
        {"SN-7", NULL,   TRUST_OK       },
        {"SN-7", "SN-7", TRUST_OK       },
        {"SN-8", NULL,   TRUST_NAMEPLATE},
        {"sn-7", NULL,   TRUST_NAMEPLATE},
        {"SN-7", "SN-8", TRUST_NAMEPLATE},
        {"",     NULL,   TRUST_NAMEPLATE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes names = hardware_names(rows[i].first, rows[i].second);
        enum trust_reason reason;
        enum proof level;
        struct scene s;

        add_device(&s, &good, &acme, bytes_span(&names));
        add_ca(&s, &acme, NULL, NULL);
        reason = close_and_ask(
            &s, 2, &(struct genuine_question){.serial = NULL}, &level);
        if (reason != rows[i].reason)
            fail_msg("row %zu: %s", i, trust_reason_name(reason));
        bytes_free(&names);
    }
}

static int set_up(void **state)
{
    (void)state;
    program = party_new(&(struct subject){.organization = "Program"});
    acme = party_new(&(struct subject){.organization = "Acme"});
    globex = party_new(&(struct subject){.organization = "Globex"});
    batch = party_new(&(struct subject){
        .organization = "Acme", .organization_unit = "Thermo-1"});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    party_free(&program);
    party_free(&acme);
    party_free(&globex);
    party_free(&batch);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_decides_how_much_is_proved),
        cmocka_unit_test(a_ca_for_all_models_proves_the_vendor_alone),
        cmocka_unit_test(a_vendors_ca_does_not_speak_for_another_vendor),
        cmocka_unit_test(each_ca_of_the_path_must_be_the_vendors),
        cmocka_unit_test(a_device_vouches_not_for_itself),
        cmocka_unit_test(a_root_above_vendors_is_believed_only_as_such),
        cmocka_unit_test(
            below_a_program_root_a_vendor_must_be_held_to_its_name),
        cmocka_unit_test(a_nameplate_has_each_field_once_and_they_agree),
        cmocka_unit_test(a_field_that_stands_twice_is_none),
        cmocka_unit_test(a_hardware_serial_must_agree),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
