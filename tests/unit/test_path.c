/* The search for a path, among certificates that no honest peer sends. */

#include "identity/path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "certs/extensions.h"
#include "certs/oid.h"
#include "cmocka_all.h"
#include "identity/certificate.h"
#include "mint.h"

#define CERTIFICATES 64

/* What one judgement is about; add_* mint and keep. */
struct scene {
    mbedtls_x509_crt sent, anchors;
    struct path_question question;
    struct path_answer answer;
};

static struct party root, middle, other, leaf;

static void scene_open(struct scene *s)
{
    *s = (struct scene){
        .question = {.purpose = PATH_SERVER, .now_s = MINT_NOW}
    };
    mbedtls_x509_crt_init(&s->sent);
    mbedtls_x509_crt_init(&s->anchors);
    s->question.sent = &s->sent;
    s->question.anchors = &s->anchors;
}

static void scene_close(struct scene *s)
{
    mbedtls_x509_crt_free(&s->sent);
    mbedtls_x509_crt_free(&s->anchors);
}

static void add(mbedtls_x509_crt *list, const struct party *subject,
    const struct mint_plan *plan)
{
    struct bytes der = mint(subject, plan);

    mint_add(list, &der);
    bytes_free(&der);
}

/* A CA's certificate; `to` 0 for one that is valid. */
static void add_ca(mbedtls_x509_crt *list, const struct party *subject,
    const struct party *issuer, int64_t to)
{
    add(list, subject,
        &(struct mint_plan){.issuer = issuer, .is_ca = true, .to = to});
}

static void add_leaf(struct scene *s, const struct party *issuer)
{
    add(&s->sent, &leaf,
        &(struct mint_plan){.issuer = issuer, .purpose = OID_SERVER_AUTH});
}

/* What always holds of an answer; gives its reason. */
static enum trust_reason ask(struct scene *s)
{
    const struct path *p = &s->answer.path;

    path_find(&s->question, &s->answer);
    if (s->answer.reason != TRUST_OK) {
        assert_non_null(s->answer.blamed);
        return s->answer.reason;
    }
    assert_in_range(p->count, 1, PATH_MAX_LENGTH);
    assert_ptr_equal(p->certificates[0], &s->sent);
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(p->certificates[i], p->certificates[j]);
    return TRUST_OK;
}

#define ASSERT_REASON(s, expected)                                             \
    assert_string_equal(trust_reason_name(ask(s)), trust_reason_name(expected))

static double seconds_of(struct scene *s)
{
    struct timespec a, b;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    (void)ask(s);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    return (double)(b.tv_sec - a.tv_sec) +
        1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}

/* --- several ways -------------------------------------------------------- */

#define EXPIRED (MINT_NOW - MINT_DAY)

/* `root` and `other` are anchors; both have signed `middle`, one of them long
 * ago.  Whatever comes first, the good way is found. */
static void a_good_way_is_found_beside_an_expired_one_in_any_order(void **state)
{
    (void)state;
    for (unsigned order = 0; order < 8; order++) {
        const struct party *good = order & 1 ? &root : &other;
        const struct party *bad = order & 1 ? &other : &root;
        struct scene s;

        scene_open(&s);
        add_ca(&s.anchors, order & 2 ? good : bad, NULL, 0);
        add_ca(&s.anchors, order & 2 ? bad : good, NULL, 0);
        add_leaf(&s, &middle);
        add_ca(
            &s.sent, &middle, order & 4 ? good : bad, order & 4 ? 0 : EXPIRED);
        add_ca(
            &s.sent, &middle, order & 4 ? bad : good, order & 4 ? EXPIRED : 0);
        ASSERT_REASON(&s, TRUST_OK);
        assert_int_equal(s.answer.path.count, 3);
        scene_close(&s);
    }
}

static void an_expired_way_alone_is_blamed_for_it(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    add_leaf(&s, &middle);
    add_ca(&s.sent, &middle, &other, 0); /* to nobody we know */
    add_ca(&s.sent, &middle, &root, EXPIRED);
    ASSERT_REASON(&s, TRUST_EXPIRED);
    assert_ptr_equal(s.answer.blamed, s.sent.next->next);
    scene_close(&s);
}

static void certificates_may_come_in_any_order(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    add_leaf(&s, &middle);
    add_ca(&s.sent, &root, NULL, 0); /* not needed, and sent all the same */
    add_ca(&s.sent, &other, &root, 0);
    add_ca(&s.sent, &middle, &other, 0);
    ASSERT_REASON(&s, TRUST_OK);
    assert_int_equal(s.answer.path.count, 4);
    scene_close(&s);
}

static void a_loop_of_cross_certificates_is_left(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    add_leaf(&s, &middle);
    add_ca(&s.sent, &middle, &other, 0);
    add_ca(&s.sent, &other, &middle, 0);
    add_ca(&s.sent, &middle, &middle, 0);
    ASSERT_REASON(&s, TRUST_UNKNOWN_ISSUER);
    add_ca(&s.sent, &other, &root, 0);
    ASSERT_REASON(&s, TRUST_OK);
    scene_close(&s);
}

static void an_issuers_name_without_its_key_vouches_for_nothing(void **state)
{
    struct party impostor = party_twin(&root);
    struct scene s;

    (void)state;
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    add_leaf(&s, &impostor);
    ASSERT_REASON(&s, TRUST_BAD_SIGNATURE);
    add_ca(&s.sent, &impostor, NULL, 0);
    ASSERT_REASON(&s, TRUST_BAD_SIGNATURE);
    add_ca(&s.anchors, &impostor, NULL, 0); /* the twin */
    ASSERT_REASON(&s, TRUST_OK);
    scene_close(&s);
    party_free(&impostor);
}

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
        struct mint_plan plan;
        enum trust_reason reason;
    } rows[] = {
        {PATH_SERVER, {.purpose = OID_SERVER_AUTH},                     TRUST_OK     },
        {PATH_SERVER, {.purpose = OID_CLIENT_AUTH},                     TRUST_PURPOSE},
        {PATH_SERVER, {.purpose = "2.5.29.37.0"},                       TRUST_PURPOSE},
        {PATH_SERVER, {.purpose = NULL},                                TRUST_PURPOSE},
        {PATH_SERVER,
         {.purpose = OID_SERVER_AUTH, .usage = USAGE_CERTIFICATE_SIGN},
         TRUST_PURPOSE                                                               },
        {PATH_SERVER,
         {.purpose = OID_SERVER_AUTH, .is_ca = true, .usage = 0x84},
         TRUST_PURPOSE                                                               },
        {PATH_DEVICE, {.purpose = OID_CLIENT_AUTH},                     TRUST_OK     },
        {PATH_DEVICE, {.purpose = NULL},                                TRUST_OK     },
        {PATH_DEVICE, {.purpose = OID_SERVER_AUTH},                     TRUST_PURPOSE},
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

/* --- too much ------------------------------------------------------------ */

static void a_peer_may_send_32_certificates(void **state)
{
    struct scene s;

    (void)state;
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    add_leaf(&s, &root);
    for (int i = 1; i < PATH_MAX_SENT; i++)
        add_ca(&s.sent, &other, &middle, 0);
    ASSERT_REASON(&s, TRUST_OK);
    add_ca(&s.sent, &other, &middle, 0);
    ASSERT_REASON(&s, TRUST_TOO_COMPLEX);
    scene_close(&s);
}

static void a_certificate_of_9_kib_is_too_big(void **state)
{
    static unsigned char text[9 * 1024], room[10 * 1024];

    (void)state;
    for (int big = 0; big < 2; big++) {
        struct span more;
        struct scene s;
        struct der d;

        der_start(&d, room, sizeof(room));
        der_put_tagged(&d, DER_OCTET_STRING,
            (struct span){text, big ? sizeof(text) : sizeof(text) - 2048});
        extension_wrap(&d, "1.3.6.1.4.1.32473.9", false, 0);
        assert_int_equal(der_done(&d, &more), ERR_OK);
        scene_open(&s);
        add_ca(&s.anchors, &root, NULL, 0);
        add(&s.sent, &leaf,
            &(struct mint_plan){
                .issuer = &root, .purpose = OID_SERVER_AUTH, .more = more});
        ASSERT_REASON(&s, big ? TRUST_TOO_COMPLEX : TRUST_OK);
        scene_close(&s);
    }
}

/* `count` certificates, leaf and anchor included. */
static enum trust_reason ask_for_length(size_t count)
{
    struct party cas[PATH_MAX_LENGTH + 2];
    struct scene s;
    enum trust_reason reason;

    scene_open(&s);
    for (size_t i = 0; i + 1 < count; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "CA %zu", i);
        cas[i] = party_named(name);
    }
    add_ca(&s.anchors, &cas[0], NULL, 0);
    add_leaf(&s, &cas[count - 2]);
    for (size_t i = 1; i + 1 < count; i++)
        add_ca(&s.sent, &cas[i], &cas[i - 1], 0);
    reason = ask(&s);
    for (size_t i = 0; i + 1 < count; i++)
        party_free(&cas[i]);
    scene_close(&s);
    return reason;
}

static void a_path_has_at_most_ten_certificates(void **state)
{
    (void)state;
    assert_int_equal(ask_for_length(PATH_MAX_LENGTH), TRUST_OK);
    assert_int_equal(ask_for_length(PATH_MAX_LENGTH + 1), TRUST_TOO_COMPLEX);
}

/* Each of `width` CAs has signed every other one: more ways than anybody could
 * walk. */
static void mesh(struct scene *s, struct party *cas, size_t width)
{
    for (size_t i = 0; i < width; i++)
        for (size_t j = 0; j < width; j++)
            if (i != j)
                add_ca(&s->sent, &cas[i], &cas[j], 0);
}

static void a_mesh_of_cross_certificates_ends(void **state)
{
    struct party cas[6];
    struct scene s;
    double seconds;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        cas[i] = party_named((const char *[]){"A", "B", "C", "D", "E", "F"}[i]);
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    add_leaf(&s, &cas[0]);
    mesh(&s, cas, 6);
    seconds = seconds_of(&s);
    assert_int_equal(s.answer.reason, TRUST_TOO_COMPLEX);
    print_message("# a mesh of 30 cross-certificates: %.3f s\n", seconds);
    assert_true(seconds < 5);
    scene_close(&s);
    for (size_t i = 0; i < 6; i++)
        party_free(&cas[i]);
}

static void there_is_an_end_to_ways_that_are_no_good(void **state)
{
    struct scene s;

    (void)state;
    for (size_t bad = PATH_MAX_COMPLETE - 1; bad <= PATH_MAX_COMPLETE; bad++) {
        scene_open(&s);
        add_ca(&s.anchors, &root, NULL, 0);
        add_leaf(&s, &middle);
        for (size_t i = 0; i < bad; i++)
            add_ca(&s.sent, &middle, &root, EXPIRED);
        add_ca(&s.sent, &middle, &root, 0);
        ASSERT_REASON(&s, bad < PATH_MAX_COMPLETE ? TRUST_OK : TRUST_EXPIRED);
        scene_close(&s);
    }
}

/* An exponent as long as the modulus makes one look at a signature cost as much
 * as many; no CA has one, and no anchor is needed to send it. */
static void an_rsa_key_made_to_be_slow_is_not_computed_with(void **state)
{
    struct bytes spki = mint_rsa_spki(2048, 2040);
    struct party loop = party_named("loop");
    struct scene s;
    double seconds;

    (void)state;
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    for (int i = 0; i < 4; i++)
        add(&s.sent, &loop,
            &(struct mint_plan){.is_ca = true,
                .rsa_signature = 256,
                .spki = bytes_span(&spki),
                .purpose = OID_SERVER_AUTH});
    seconds = seconds_of(&s);
    print_message("# four slow keys: %.3f s\n", seconds);
    assert_string_equal(
        trust_reason_name(s.answer.reason), trust_reason_name(TRUST_WEAK_KEY));
    assert_true(seconds < 0.5);
    scene_close(&s);
    party_free(&loop);
    bytes_free(&spki);
}

/* A CA below ours is somebody else's: 16 ways of its making, each full of names
 * and constraints. */
static void ways_full_of_constraints_end(void **state)
{
    static char names[8000], subtrees[8000];
    struct bytes nc, san;
    struct party cas[4];
    struct scene s;
    double seconds;

    (void)state;
    for (size_t i = 0; i < 300; i++) {
        (void)strcat(names, "dns:abcdef ");
        (void)strcat(subtrees, "-dns:bcdef ");
    }
    nc = mint_constraints(subtrees);
    san = mint_names(names);
    scene_open(&s);
    add_ca(&s.anchors, &root, NULL, 0);
    for (size_t i = 0; i < 4; i++)
        cas[i] = party_named((const char *[]){"A", "B", "C", "D"}[i]);
    add(&s.sent, &leaf,
        &(struct mint_plan){.issuer = &cas[0], /* no server: never good */
            .names = bytes_span(&san)});
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 5; j++)
            add(&s.sent, &cas[i],
                &(struct mint_plan){.issuer = i < 3 ? &cas[i + 1] : &root,
                    .is_ca = true,
                    .names = bytes_span(&san),
                    .constraints = bytes_span(&nc)});
    }
    seconds = seconds_of(&s);
    print_message("# ways full of constraints: %.3f s, %s\n", seconds,
        trust_reason_name(s.answer.reason));
    assert_int_equal(s.answer.reason, TRUST_PURPOSE);
    assert_true(seconds < 5);
    scene_close(&s);
    for (size_t i = 0; i < 4; i++)
        party_free(&cas[i]);
    bytes_free(&nc);
    bytes_free(&san);
}

static int set_up(void **state)
{
    (void)state;
    root = party_named("Root");
    middle = party_named("Middle");
    other = party_named("Other");
    leaf = party_named("leaf");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    party_free(&root);
    party_free(&middle);
    party_free(&other);
    party_free(&leaf);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_good_way_is_found_beside_an_expired_one_in_any_order),
        cmocka_unit_test(an_expired_way_alone_is_blamed_for_it),
        cmocka_unit_test(certificates_may_come_in_any_order),
        cmocka_unit_test(a_loop_of_cross_certificates_is_left),
        cmocka_unit_test(an_issuers_name_without_its_key_vouches_for_nothing),
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
        cmocka_unit_test(a_peer_may_send_32_certificates),
        cmocka_unit_test(a_certificate_of_9_kib_is_too_big),
        cmocka_unit_test(a_path_has_at_most_ten_certificates),
        cmocka_unit_test(a_mesh_of_cross_certificates_ends),
        cmocka_unit_test(there_is_an_end_to_ways_that_are_no_good),
        cmocka_unit_test(an_rsa_key_made_to_be_slow_is_not_computed_with),
        cmocka_unit_test(ways_full_of_constraints_end),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
