/* What is looked at on a path, one thing at a time. */

#include "identity/path_rules.h"

#include <stdlib.h>
#include <string.h>

#include "certs/extensions.h"
#include "identity/certificate.h"
#include "path_scene.h"

/* --- key rollover and path length ---------------------------------------- */

/* RFC 5280 section 4.2.1.9 counts intermediates that are not self-issued: a
 * CA that signs its own new key takes no room below itself. */
static void a_self_issued_rollover_takes_no_path_length(void **state)
{
    struct party fresh = party_twin(&root);
    struct scene s;

    (void)state;
    scene_open(&s);
    add(&s.anchors, &root,
        &(struct mint_plan){.is_ca = true, .has_limit = true});
    add_leaf(&s, &fresh);
    add(&s.sent, &fresh,
        &(struct mint_plan){.issuer = &root, .signer = &root, .is_ca = true});
    ASSERT_REASON(&s, TRUST_OK);
    scene_close(&s);
    party_free(&fresh);
}

static void a_path_length_counts_the_cas_below(void **state)
{
    (void)state;
    for (unsigned limit = 0; limit < 4; limit++) {
        struct scene s;

        scene_open(&s);
        add(&s.anchors, &root,
            &(struct mint_plan){
                .is_ca = true, .has_limit = true, .limit = limit});
        add_leaf(&s, &middle);
        add_ca(&s.sent, &middle, &other, 0);
        add_ca(&s.sent, &other, &root, 0);
        ASSERT_REASON(&s, limit < 2 ? TRUST_PATH_LENGTH : TRUST_OK);
        scene_close(&s);
    }
}

/* --- anchors ------------------------------------------------------------- */

static void an_intermediate_can_be_the_anchor(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    add_ca(&s.anchors, &middle, &root, 0);
    add_leaf(&s, &middle);
    ASSERT_REASON(&s, TRUST_OK);
    assert_int_equal(s.answer.path.count, 2);
    scene_close(&s);
}

/* An anchor was chosen by hand; nobody else is a CA without saying so. */
static void of_version_1_only_an_anchor_is_a_ca(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    add(&s.anchors, &root, &(struct mint_plan){.is_old = true});
    add_leaf(&s, &root);
    ASSERT_REASON(&s, TRUST_OK);
    scene_close(&s);

    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    add_leaf(&s, &middle);
    add(&s.sent, &middle, &(struct mint_plan){.issuer = &root, .is_old = true});
    ASSERT_REASON(&s, TRUST_NOT_A_CA);
    scene_close(&s);
}

static void a_leaf_that_signed_itself_can_be_its_own_anchor(void **state)
{
    struct bytes der =
        mint(&leaf, &(struct mint_plan){.purpose = OID_SERVER_AUTH});
    struct party impostor = party_twin(&leaf);
    struct scene s;

    (void)state;
    scene_open(&s);
    mint_add(&s.sent, &der);
    mint_add(&s.anchors, &der);
    ASSERT_REASON(&s, TRUST_OK);
    assert_int_equal(s.answer.path.count, 1);
    scene_close(&s);

    /* The name alone is not enough: the leaf that is trusted is no CA. */
    scene_open(&s);
    mint_add(&s.anchors, &der);
    add(&s.sent, &impostor,
        &(struct mint_plan){.issuer = &leaf, .purpose = OID_SERVER_AUTH});
    ASSERT_REASON(&s, TRUST_NOT_A_CA);
    scene_close(&s);
    party_free(&impostor);
    bytes_free(&der);
}

static void a_leaf_that_signed_itself_is_no_anchor_by_that(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    add(&s.sent, &leaf, &(struct mint_plan){.purpose = OID_SERVER_AUTH});
    ASSERT_REASON(&s, TRUST_UNKNOWN_ISSUER);
    add(&s.sent, &leaf, &(struct mint_plan){.is_ca = true});
    ASSERT_REASON(&s, TRUST_UNKNOWN_ISSUER);
    scene_close(&s);
}

/* --- flags --------------------------------------------------------------- */

static void each_flag_of_a_ca_is_looked_at(void **state)
{
    static const struct {
        struct mint_plan plan; /* of the intermediate */
        enum trust_reason reason;
    } rows[] = {
        {{.is_ca = true},                                   TRUST_OK      },
        {{.is_ca = false},                                  TRUST_NOT_A_CA},
        {{.is_ca = true, .usage = USAGE_DIGITAL_SIGNATURE}, TRUST_NOT_A_CA},
        {{.is_ca = true, .usage = USAGE_CRL_SIGN},          TRUST_NOT_A_CA},
        {{.is_ca = true, .purpose = OID_SERVER_AUTH},       TRUST_OK      },
        {{.is_ca = true, .purpose = OID_CLIENT_AUTH},       TRUST_PURPOSE },
        {{.is_ca = true, .purpose = "2.5.29.37.0"},         TRUST_OK      },
        {{.is_ca = true, .from = MINT_NOW + 1},             TRUST_NOT_YET },
        {{.is_ca = true, .from = MINT_NOW},                 TRUST_OK      },
        {{.is_ca = true, .to = MINT_NOW - 1},               TRUST_EXPIRED },
        {{.is_ca = true, .to = MINT_NOW},                   TRUST_OK      },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mint_plan plan = rows[i].plan;
        struct scene s;

        plan.issuer = &root;
        scene_open(&s);
        add_ca(&s.anchors, &root, NULL, 0);
        add_leaf(&s, &middle);
        add(&s.sent, &middle, &plan);
        if (ask(&s) != rows[i].reason)
            fail_msg("row %zu: %s, not %s", i,
                trust_reason_name(s.answer.reason),
                trust_reason_name(rows[i].reason));
        scene_close(&s);
    }
}

static void each_flag_of_a_leaf_is_looked_at(void **state)
{
    static const struct {
        enum path_purpose purpose;
        enum trust_reason reason;
        struct mint_plan plan;
    } rows[] = {
        {PATH_SERVER, TRUST_OK,      {.purpose = OID_SERVER_AUTH}     },
        {PATH_SERVER, TRUST_PURPOSE, {.purpose = OID_CLIENT_AUTH}     },
        {PATH_SERVER, TRUST_PURPOSE, {.purpose = "2.5.29.37.0"}       },
        {PATH_SERVER, TRUST_PURPOSE, {.purpose = NULL}                },
        {PATH_SERVER, TRUST_PURPOSE,
         {.purpose = OID_SERVER_AUTH, .usage = USAGE_CERTIFICATE_SIGN}},
        {PATH_SERVER, TRUST_PURPOSE,
         {.purpose = OID_SERVER_AUTH, .is_ca = true, .usage = 0x84}   },
        {PATH_DEVICE, TRUST_OK,      {.purpose = OID_CLIENT_AUTH}     },
        {PATH_DEVICE, TRUST_OK,      {.purpose = NULL}                },
        {PATH_DEVICE, TRUST_PURPOSE, {.purpose = OID_SERVER_AUTH}     },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct mint_plan plan = rows[i].plan;
        struct scene s;

        plan.issuer = &root;
        scene_open(&s);
        s.question.purpose = rows[i].purpose;
        add_ca(&s.anchors, &root, NULL, 0);
        add(&s.sent, &leaf, &plan);
        if (ask(&s) != rows[i].reason)
            fail_msg("row %zu: %s, not %s", i,
                trust_reason_name(s.answer.reason),
                trust_reason_name(rows[i].reason));
        scene_close(&s);
    }
}

/* The CA's constraints bind what is below it, at any depth, and not itself. */
static void constraints_bind_everything_below(void **state)
{
    static const struct {
        const char *constraints, *names;
        bool self_issued; /* a rollover in between */
        enum trust_reason reason;
    } rows[] = {
        {"+dns:a.test",  "dns:x.a.test", false, TRUST_OK         },
        {"+dns:a.test",  "dns:b.test",   false, TRUST_CONSTRAINTS},
        {"+dns:a.test",  "dns:x.a.test", true,  TRUST_OK         },
        {"+dns:a.test",  "dns:b.test",   true,  TRUST_CONSTRAINTS},
        {"+dns:a.test.", "dns:a.test",   false, TRUST_MALFORMED  },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes nc = mint_constraints(rows[i].constraints);
        struct bytes san = mint_names(rows[i].names);
        struct party fresh = party_twin(&middle);
        const struct party *issuer = rows[i].self_issued ? &fresh : &other;
        struct scene s;

        scene_open(&s);
        add_ca(&s.anchors, &root, NULL, 0);
        add(&s.sent, &leaf,
            &(struct mint_plan){.issuer = issuer,
                .purpose = OID_SERVER_AUTH,
                .names = bytes_span(&san)});
        add_ca(&s.sent, issuer, &middle, 0);
        add(&s.sent, &middle,
            &(struct mint_plan){.issuer = &root,
                .is_ca = true,
                .constraints = bytes_span(&nc)});
        if (ask(&s) != rows[i].reason)
            fail_msg("row %zu: %s, not %s", i,
                trust_reason_name(s.answer.reason),
                trust_reason_name(rows[i].reason));
        scene_close(&s);
        party_free(&fresh);
        bytes_free(&nc);
        bytes_free(&san);
    }
}

static void a_critical_extension_that_we_do_not_know_is_refused(void **state)
{
    static const char *const oids[] = {"2.5.29.36", /* policyConstraints */
        "2.5.29.54",                                /* inhibitAnyPolicy */
        "2.5.29.33",                                /* policyMappings */
        "1.3.6.1.5.5.7.1.24",                       /* must staple */
        "1.3.6.1.4.1.32473.9"};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(oids) / sizeof(oids[0]); i++) {
        unsigned char room[64];
        struct span more;
        struct scene s;
        struct der d;

        der_start(&d, room, sizeof(room));
        der_put_number(&d, 0);
        extension_wrap(&d, oids[i / 2], i % 2 == 1, 0);
        assert_int_equal(der_done(&d, &more), ERR_OK);
        scene_open(&s);
        add_ca(&s.anchors, &root, NULL, 0);
        add_leaf(&s, &middle);
        add(&s.sent, &middle,
            &(struct mint_plan){.issuer = &root, .is_ca = true, .more = more});
        ASSERT_REASON(&s, i % 2 == 1 ? TRUST_CRITICAL_EXTENSION : TRUST_OK);
        scene_close(&s);
    }
}

/* mbedTLS parses the certificate and drops the rest. */
static void a_byte_behind_a_certificate_is_refused(void **state)
{
    struct bytes der = mint(&leaf, &(struct mint_plan){.issuer = &root});
    unsigned char *longer = calloc(1, der.len + 1);
    mbedtls_x509_crt crt;

    (void)state;
    mbedtls_x509_crt_init(&crt);
    memcpy(longer, der.at, der.len);
    assert_int_equal(certificate_add(&crt, longer, der.len), 0);
    assert_int_equal(
        certificate_fault(certificate_add(&crt, longer, der.len + 1)),
        TRUST_MALFORMED);
    assert_null(crt.next);
    mbedtls_x509_crt_free(&crt);
    free(longer);
    bytes_free(&der);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_self_issued_rollover_takes_no_path_length),
        cmocka_unit_test(a_path_length_counts_the_cas_below),
        cmocka_unit_test(an_intermediate_can_be_the_anchor),
        cmocka_unit_test(of_version_1_only_an_anchor_is_a_ca),
        cmocka_unit_test(a_leaf_that_signed_itself_can_be_its_own_anchor),
        cmocka_unit_test(a_leaf_that_signed_itself_is_no_anchor_by_that),
        cmocka_unit_test(each_flag_of_a_ca_is_looked_at),
        cmocka_unit_test(each_flag_of_a_leaf_is_looked_at),
        cmocka_unit_test(constraints_bind_everything_below),
        cmocka_unit_test(a_critical_extension_that_we_do_not_know_is_refused),
        cmocka_unit_test(a_byte_behind_a_certificate_is_refused),
    };

    return cmocka_run_group_tests(tests, scene_set_up, scene_tear_down);
}
