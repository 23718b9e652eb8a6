/* Added anchors: how long they stay, who has them meanwhile, what is kept. */

#include "identity/anchors.h"

#include "identity/oid.h"
#include "identity/trust.h"
#include "rollover_scene.h"

static struct plan *const none[] = {NULL};

/* The certificate that vouches ends with the old root; the new one stays. */
static void an_added_one_stays_while_it_is_offered_and_no_longer(void **state)
{
    struct plan *const both[] = {&fresh_root, &fresh_by_old_over, NULL};
    struct plan *const alone[] = {&fresh_root, NULL};
    struct plan *const gone[] = {&old_root, NULL};
    struct plan *const next[] = {
        &third_root, &third_by_fresh, &fresh_root, NULL};
    struct anchors *a = configure(&old_root);

    (void)state;
    assert_int_equal(roll(a, both, PAST - 60, NULL), ROLLOVER_NEW);
    assert_int_equal(roll(a, alone, MINT_NOW, NULL), ROLLOVER_STAYS);
    assert_int_equal(added(a), 1);
    /* It vouches itself by now. */
    assert_int_equal(roll(a, next, MINT_NOW, NULL), ROLLOVER_STAYS);
    assert_int_equal(added(a), 2);
    (void)roll(a, gone, MINT_NOW, NULL);
    assert_int_equal(added(a), 0);
    assert_int_equal(roll(a, alone, MINT_NOW, NULL), ROLLOVER_STRANGER);
    (void)roll(a, none, MINT_NOW, NULL);
    assert_int_equal(added(a), 0);
    anchors_free(a);
}

static void who_judges_keeps_the_set_that_it_borrowed(void **state)
{
    struct plan *const alone[] = {&fresh_root, &fresh_by_old, NULL};
    struct anchors *a = configure(&old_root);
    const struct anchor_set *first = anchors_borrow(a), *second;

    (void)state;
    (void)roll(a, alone, MINT_NOW, NULL);
    second = anchors_borrow(a);
    (void)roll(a, none, MINT_NOW, NULL);
    assert_int_equal(first->added, 0);
    assert_non_null(first->all->raw.p);
    assert_int_equal(second->added, 1);
    assert_non_null(second->all->next->raw.p);
    anchors_return(a, second);
    anchors_return(a, first);
    assert_int_equal(added(a), 0);
    anchors_free(a);
}

/* --- what is kept -------------------------------------------------------- */

static char *text_of(struct bytes *kept)
{
    char *text = calloc(1, kept->len + 1);

    if (kept->len > 0)
        memcpy(text, kept->at, kept->len);
    bytes_free(kept);
    return text;
}

static char *keep(void)
{
    struct plan *const two[] = {
        &third_root, &third_by_fresh, &fresh_root, &fresh_by_old, NULL};
    struct anchors *a = configure(&old_root);
    struct bytes kept;

    assert_int_equal(roll(a, two, MINT_NOW, &kept), ROLLOVER_NEW);
    anchors_free(a);
    return text_of(&kept);
}

static void what_is_kept_comes_back_while_its_voucher_is_configured(
    void **state)
{
    struct plan *const both[] = {&third_root, &fresh_root, NULL};
    char *kept = keep();
    struct anchors *a = configure(&old_root);

    (void)state;
    assert_int_equal(anchors_restore(a, kept), ERR_OK);
    assert_int_equal(added(a), 2);
    assert_int_equal(roll(a, both, MINT_NOW, NULL), ROLLOVER_STAYS);
    anchors_free(a);
    a = configure(&stranger_root);
    assert_int_equal(anchors_restore(a, kept), ERR_OK);
    assert_int_equal(added(a), 0);
    assert_int_equal(roll(a, both, MINT_NOW, NULL), ROLLOVER_STRANGER);
    anchors_free(a);
    free(kept);
}

static struct anchors_view look(struct anchors *a)
{
    struct anchors_view view;

    anchors_look(a, &view);
    return view;
}

static void each_change_is_a_generation_that_is_kept_with_its_time(void **state)
{
    static struct plan soon = BOUND_LINK(fresh, old, .to = FUTURE);
    static struct plan short_root = {
        .subject = &fresh,
        .plan = {.is_ca = true, .from = LONG_AGO, .to = FUTURE + 60}
    };
    struct plan *const first[] = {&short_root, &soon, NULL};
    struct plan *const second[] = {
        &short_root, &third_root, &third_by_fresh, NULL};
    struct anchors *a = configure(&old_root);
    struct anchors_view view = look(a);
    struct bytes kept;
    char *text;

    (void)state;
    assert_int_equal(view.generation, 0);
    assert_int_equal(view.configured, 1);
    assert_int_equal(view.both_until_s, 0);
    (void)roll(a, none, MINT_NOW, NULL);
    assert_int_equal(look(a).generation, 0);
    (void)roll(a, first, MINT_NOW, NULL);
    view = look(a);
    assert_int_equal(view.generation, 1);
    assert_int_equal(view.added, 1);
    assert_true(view.since_s > 0);
    assert_int_equal(
        view.both_until_s, FUTURE + 60); /* the old one is longer */
    (void)roll(a, first, MINT_NOW, NULL);
    assert_int_equal(look(a).generation, 1); /* the same again */
    (void)roll(a, second, MINT_NOW, &kept);
    view = look(a);
    assert_int_equal(view.generation, 2);
    assert_int_equal(view.added, 2);
    anchors_free(a);
    text = text_of(&kept);
    a = configure(&old_root);
    assert_int_equal(anchors_restore(a, text), ERR_OK);
    assert_int_equal(look(a).generation, 2);
    assert_int_equal(look(a).since_s, view.since_s);
    assert_int_equal(look(a).both_until_s, FUTURE + 60);
    (void)roll(a, none, MINT_NOW, NULL);
    assert_int_equal(look(a).generation, 3);
    assert_int_equal(look(a).added, 0);
    anchors_free(a);
    a = configure(&old_root); /* a file from before there was a first line */
    assert_int_equal(anchors_restore(a, strstr(text, "-----")), ERR_OK);
    assert_int_equal(look(a).generation, 1);
    assert_int_equal(look(a).since_s, 0);
    anchors_free(a);
    free(text);
}

static void damage_on_the_disk_adds_nothing_and_takes_nothing(void **state)
{
    char *kept = keep();
    size_t len = strlen(kept);
    struct anchors *a = configure(&old_root);

    (void)state;
    for (size_t cut = 0; cut < len; cut += 7) {
        char c = kept[cut];
        enum err e;

        kept[cut] = '\0';
        e = anchors_restore(a, kept);
        kept[cut] = c;
        assert_true(e == ERR_OK || e == ERR_INVALID);
        assert_in_range(added(a), 0, 2);
    }
    assert_int_equal(anchors_put(a, NULL, 0, NULL), ERR_OK);
    kept[len / 2] = '!';
    assert_int_equal(anchors_restore(a, kept), ERR_INVALID);
    *strstr(strstr(kept, "-----BEGIN") + 1, "-----BEGIN") = '\0';
    assert_int_equal(anchors_restore(a, kept), ERR_INVALID); /* half a pair */
    assert_int_equal(anchors_restore(a, "no PEM at all"), ERR_OK);
    assert_int_equal(anchors_restore(a, ""), ERR_OK);
    assert_int_equal(added(a), 0);
    anchors_free(a);
    free(kept);
}

/* --- the policy ---------------------------------------------------------- */

static enum trust_reason judge_server(
    struct trust *trust, const struct party *issuer)
{
    struct bytes names = mint_names("dns:broker.test");
    struct bytes der = mint(&below,
        &(struct mint_plan){.issuer = issuer,
            .purpose = OID_SERVER_AUTH,
            .names = bytes_span(&names)});
    struct trust_verdict v;
    mbedtls_x509_crt sent;

    mbedtls_x509_crt_init(&sent);
    mint_add(&sent, &der);
    trust_judge(trust,
        &(struct trust_question){
            .purpose = PATH_SERVER, .host = "broker.test", .at_s = MINT_NOW},
        &sent, &v);
    mbedtls_x509_crt_free(&sent);
    bytes_free(&names);
    bytes_free(&der);
    return v.reason;
}

static void servers_under_both_roots_are_believed_once_it_is_added(void **state)
{
    struct plan *const two[] = {
        &fresh_root, &fresh_by_old, &stranger_root, NULL};
    const struct trust_options options = {
        .anchors = write_file("ca.pem", &old_root)};
    struct trust *trust;
    struct certs_only offered = offer(two);
    struct bytes kept;
    char *text;

    (void)state;
    assert_int_equal(trust_load(&options, &trust), ERR_OK);
    assert_int_equal(judge_server(trust, &old), TRUST_OK);
    assert_int_not_equal(judge_server(trust, &fresh), TRUST_OK);
    assert_int_equal(trust_roll_anchors(trust, &offered, &kept), ERR_OK);
    assert_int_equal(judge_server(trust, &old), TRUST_OK);
    assert_int_equal(judge_server(trust, &fresh), TRUST_OK);
    assert_int_not_equal(judge_server(trust, &stranger), TRUST_OK);
    trust_free(trust);
    text = text_of(&kept);
    assert_int_equal(trust_load(&options, &trust), ERR_OK);
    assert_int_equal(trust_restore_anchors(trust, text), ERR_OK);
    assert_int_equal(judge_server(trust, &fresh), TRUST_OK);
    trust_free(trust);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_added_one_stays_while_it_is_offered_and_no_longer),
        cmocka_unit_test(who_judges_keeps_the_set_that_it_borrowed),
        cmocka_unit_test(
            what_is_kept_comes_back_while_its_voucher_is_configured),
        cmocka_unit_test(
            each_change_is_a_generation_that_is_kept_with_its_time),
        cmocka_unit_test(damage_on_the_disk_adds_nothing_and_takes_nothing),
        cmocka_unit_test(
            servers_under_both_roots_are_believed_once_it_is_added),
    };

    return cmocka_run_group_tests(tests, scene_set_up, scene_tear_down);
}
