/* The search for a path, among certificates that no honest peer sends. */

#include "identity/path.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "certs/extensions.h"
#include "path_scene.h"

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

/* --- too much ------------------------------------------------------------ */

static double seconds_of(struct scene *s)
{
    struct timespec a, b;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    (void)ask(s);
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    return (double)(b.tv_sec - a.tv_sec) +
        1e-9 * (double)(b.tv_nsec - a.tv_nsec);
}

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
    mint_repeat(names, "dns:abcdef ", 300);
    mint_repeat(subtrees, "-dns:bcdef ", 300);
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_good_way_is_found_beside_an_expired_one_in_any_order),
        cmocka_unit_test(an_expired_way_alone_is_blamed_for_it),
        cmocka_unit_test(certificates_may_come_in_any_order),
        cmocka_unit_test(a_loop_of_cross_certificates_is_left),
        cmocka_unit_test(an_issuers_name_without_its_key_vouches_for_nothing),
        cmocka_unit_test(a_peer_may_send_32_certificates),
        cmocka_unit_test(a_certificate_of_9_kib_is_too_big),
        cmocka_unit_test(a_path_has_at_most_ten_certificates),
        cmocka_unit_test(a_mesh_of_cross_certificates_ends),
        cmocka_unit_test(there_is_an_end_to_ways_that_are_no_good),
        cmocka_unit_test(an_rsa_key_made_to_be_slow_is_not_computed_with),
        cmocka_unit_test(ways_full_of_constraints_end),
    };

    return cmocka_run_group_tests(tests, scene_set_up, scene_tear_down);
}
