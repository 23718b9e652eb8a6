/* Which roots that an enrolment server names become trust anchors. */

#include "identity/rollover.h"

#include "certs/crl.h"
#include "identity/oid.h"
#include "rollover_scene.h"

static struct party renamed;
static struct bytes constraints, others;

static struct plan below_root = ROOT(below), renamed_root = ROOT(renamed);
static struct plan old_by_fresh = LINK(old, fresh),
                   below_by_old = LINK(below, old),
                   renamed_by_old = LINK(renamed, old);
/* By another key under the old one's name. */
static struct plan fresh_forged = BOUND_LINK(fresh, old, .signer = &stranger);
static struct plan fresh_root_forged = {
    .subject = &fresh, .plan = {.is_ca = true, .signer = &stranger}
};
static struct plan fresh_by_old_early = BOUND_LINK(fresh, old, .from = FUTURE);
static struct plan fresh_root_over = {
    .subject = &fresh, .plan = {.is_ca = true, .from = LONG_AGO, .to = PAST}
};
static struct plan fresh_root_early = {
    .subject = &fresh, .plan = {.is_ca = true, .from = FUTURE}
};
static struct plan fresh_no_ca = {.subject = &fresh, .plan = {.is_ca = false}};
static struct plan fresh_by_old_no_ca = {
    .subject = &fresh, .plan = {.issuer = &old}};
static struct plan fresh_root_v1 = {
    .subject = &fresh, .plan = {.is_old = true}};
static struct plan fresh_root_client = {
    .subject = &fresh, .plan = {.is_ca = true, .purpose = OID_CLIENT_AUTH}
};
static struct plan fresh_by_old_client =
    BOUND_LINK(fresh, old, .purpose = OID_CLIENT_AUTH);
static struct plan fresh_by_old_server =
    BOUND_LINK(fresh, old, .purpose = OID_SERVER_AUTH);
static struct plan fresh_root_server = {
    .subject = &fresh, .plan = {.is_ca = true, .purpose = OID_SERVER_AUTH}
};
static struct plan fresh_by_old_short =
    BOUND_LINK(fresh, old, .has_limit = true, .limit = 0);
static struct plan fresh_root_short = {
    .subject = &fresh, .plan = {.is_ca = true, .has_limit = true, .limit = 0}
};
static struct plan fresh_root_longer = {
    .subject = &fresh, .plan = {.is_ca = true, .has_limit = true, .limit = 1}
};
static struct plan old_bound, fresh_bound, fresh_bound_otherwise,
    fresh_by_old_bound;

static const struct {
    const char *what;
    struct plan *configured; /* NULL: old_root */
    struct plan *offered[5];
    enum rollover_fate last;
    size_t added;
} table[] = {
    {"a root that the old key signed too",              NULL,       {&fresh_root, &fresh_by_old},
     ROLLOVER_NEW,                                                                                                                       1},
    {"... in another order",                            NULL,       {&fresh_by_old, &fresh_root},                   ROLLOVER_NEW,
     1                                                                                                                                    },
    {"all four of RFC 4210",                            NULL,
     {&old_by_fresh, &fresh_root, &fresh_by_old, &old_root},
     ROLLOVER_CONFIGURED,                                                                                                                1},
    {"a stranger",                                      NULL,       {&stranger_root},                               ROLLOVER_STRANGER,   0},
    {"the new root alone",                              NULL,       {&fresh_root},                                  ROLLOVER_STRANGER,   0},
    {"a root that signed the old key: anybody can",     NULL,
     {&fresh_root, &old_by_fresh},                                                                                  ROLLOVER_STRANGER,   0},
    {"a stranger beside a good one",                    NULL,
     {&fresh_root, &fresh_by_old, &stranger_root},                                                                  ROLLOVER_STRANGER,   1},
    {"forged: another key in the old one's name",       NULL,
     {&fresh_root, &fresh_forged},                                                                                  ROLLOVER_STRANGER,   0},
    {"a root that did not sign itself",                 NULL,
     {&fresh_root_forged, &fresh_by_old},                                                                           ROLLOVER_CONFIGURED, 0},
    {"what vouches alone is no root",                   NULL,       {&fresh_by_old},
     ROLLOVER_CONFIGURED,                                                                                                                0},
    {"what vouches is over",                            NULL,       {&fresh_root, &fresh_by_old_over},
     ROLLOVER_STRANGER,                                                                                                                  0},
    {"what vouches has not begun",                      NULL,       {&fresh_root, &fresh_by_old_early},
     ROLLOVER_STRANGER,                                                                                                                  0},
    {"one that vouches is over, another is good",       NULL,
     {&fresh_root, &fresh_by_old_over, &fresh_by_old},                                                              ROLLOVER_NEW,        1},
    {"the new root is over",                            NULL,       {&fresh_root_over, &fresh_by_old},
     ROLLOVER_UNFIT,                                                                                                                     0},
    {"the new root has not begun",                      NULL,       {&fresh_root_early, &fresh_by_old},
     ROLLOVER_UNFIT,                                                                                                                     0},
    {"no CA",                                           NULL,       {&fresh_no_ca, &fresh_by_old},                  ROLLOVER_UNFIT,      0},
    {"a root of version 1",                             NULL,       {&fresh_root_v1, &fresh_by_old},
     ROLLOVER_UNFIT,                                                                                                                     0},
    {"what vouches is for no CA",                       NULL,       {&fresh_root, &fresh_by_old_no_ca},
     ROLLOVER_STRANGER,                                                                                                                  0},
    {"a root for clients alone",                        NULL,       {&fresh_root_client, &fresh_by_old},
     ROLLOVER_UNFIT,                                                                                                                     0},
    {"it is vouched for as a CA of clients",            NULL,
     {&fresh_root, &fresh_by_old_client},                                                                           ROLLOVER_STRANGER,   0},
    {"... of servers, and the root says nothing",       NULL,
     {&fresh_root, &fresh_by_old_server},                                                                           ROLLOVER_FREER,      0},
    {"... of servers, and the root says so",            NULL,
     {&fresh_root_server, &fresh_by_old_server},                                                                    ROLLOVER_NEW,        1},
    {"a path length that the root has not",             NULL,
     {&fresh_root, &fresh_by_old_short},                                                                            ROLLOVER_FREER,      0},
    {"... has longer",                                  NULL,       {&fresh_root_longer, &fresh_by_old_short},
     ROLLOVER_FREER,                                                                                                                     0},
    {"... has too",                                     NULL,       {&fresh_root_short, &fresh_by_old_short},
     ROLLOVER_NEW,                                                                                                                       1},
    {"the old one is constrained, the new one is not",  &old_bound,
     {&fresh_root, &fresh_by_old},                                                                                  ROLLOVER_FREER,      0},
    {"... is constrained otherwise",                    &old_bound,
     {&fresh_bound_otherwise, &fresh_by_old},                                                                       ROLLOVER_FREER,      0},
    {"... is constrained alike",                        &old_bound, {&fresh_bound, &fresh_by_old},
     ROLLOVER_NEW,                                                                                                                       1},
    {"what vouches is constrained, the new one is not", NULL,
     {&fresh_root, &fresh_by_old_bound},                                                                            ROLLOVER_FREER,      0},
    {"a new one that binds itself",                     NULL,       {&fresh_bound, &fresh_by_old},
     ROLLOVER_NEW,                                                                                                                       1},
    {"over two rollovers, one of them missed",          NULL,
     {&third_root, &third_by_fresh, &fresh_by_old},                                                                 ROLLOVER_NEW,        1},
    {"... with all that belongs to it",                 NULL,
     {&third_by_fresh, &third_root, &fresh_root, &fresh_by_old},
     ROLLOVER_NEW,                                                                                                                       2},
    {"a stranger between",                              NULL,       {&third_root, &third_by_fresh, &stranger_root},
     ROLLOVER_STRANGER,                                                                                                                  0},
    {"an intermediate that crowns itself",              NULL,       {&below_root, &below_by_old},
     ROLLOVER_STRANGER,                                                                                                                  0},
    {"a new root of another name",                      NULL,       {&renamed_root, &renamed_by_old},
     ROLLOVER_STRANGER,                                                                                                                  0},
    {"one twice",                                       NULL,
     {&fresh_root, &fresh_root, &fresh_by_old, &fresh_by_old},                                                      ROLLOVER_NEW,
     1                                                                                                                                    },
};

static void a_root_is_taken_when_a_trusted_one_vouches_for_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct anchors *a = configure(
            table[i].configured != NULL ? table[i].configured : &old_root);
        enum rollover_fate last = roll(a, table[i].offered, MINT_NOW, NULL);

        if (last != table[i].last || added(a) != table[i].added)
            fail_msg("%s: %s, %zu added", table[i].what, rollover_words(last),
                added(a));
        anchors_free(a);
    }
}

/* One key can have many certificates. */
static void no_more_than_eight_are_added_at_once(void **state)
{
    static struct plan many[ANCHORS_ADDED + 1];
    struct plan *offered[ANCHORS_ADDED + 3] = {&fresh_by_old};
    struct anchors *a = configure(&old_root);

    (void)state;
    for (size_t i = 0; i <= ANCHORS_ADDED; i++) {
        many[i] = (struct plan)ROOT(fresh);
        offered[i + 1] = &many[i];
    }
    assert_int_equal(roll(a, offered, MINT_NOW, NULL), ROLLOVER_TOO_MANY);
    assert_int_equal(added(a), ANCHORS_ADDED);
    anchors_free(a);
}

/* Who vouches can take it back, for those who have not heard of it. */
static void what_vouches_can_be_revoked(void **state)
{
    struct plan *const both[] = {&fresh_root, &fresh_by_old, NULL};
    struct anchors *a = configure(&old_root);
    struct authority ca = {
        .key = old.key, .der = {NULL, 0}
    };
    struct crl_entry entry = {.date = PAST};
    struct crl_plan plan = {
        .from = PAST, .to = FUTURE, .entries = &entry, .count = 1};
    struct crls *list;
    struct view *link = malloc(sizeof(*link));
    struct bytes der;
    const char *why;

    (void)state;
    assert_int_equal(view_read(der_of(&fresh_by_old), link, &why), ERR_OK);
    assert_int_equal(view_read(der_of(&old_root), &ca.view, &why), ERR_OK);
    entry.serial_len = link->serial.len;
    memcpy(entry.serial, link->serial.at, link->serial.len);
    for (plan.count = 0; plan.count < 2; plan.count++) {
        assert_int_equal(crl_make(&plan, &ca, &der), ERR_OK);
        assert_int_equal(crls_parse(der.at, der.len, &list), ERR_OK);
        crls = list;
        assert_int_equal(roll(a, both, MINT_NOW, NULL),
            plan.count == 0 ? ROLLOVER_NEW : ROLLOVER_STRANGER);
        assert_int_equal(anchors_put(a, NULL, 0, NULL), ERR_OK);
        crls_free(list);
        crls = NULL;
        bytes_free(&der);
    }
    free(link);
    anchors_free(a);
}

static int set_up(void **state)
{
    (void)scene_set_up(state);
    renamed = party_alias(&fresh, "Broker CA G2");
    constraints = mint_constraints("+dns:broker.test");
    others = mint_constraints("+dns:test");
    old_bound = (struct plan){
        .subject = &old,
        .plan = {.is_ca = true, .constraints = bytes_span(&constraints)}
    };
    fresh_bound = (struct plan){
        .subject = &fresh,
        .plan = {.is_ca = true, .constraints = bytes_span(&constraints)}
    };
    fresh_bound_otherwise = (struct plan){
        .subject = &fresh,
        .plan = {.is_ca = true, .constraints = bytes_span(&others)}
    };
    fresh_by_old_bound = (struct plan){
        .subject = &fresh,
        .plan = {.issuer = &old,
                 .is_ca = true,
                 .constraints = bytes_span(&constraints)}
    };
    return 0;
}

static int tear_down(void **state)
{
    bytes_free(&constraints);
    bytes_free(&others);
    party_free(&renamed);
    return scene_tear_down(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_root_is_taken_when_a_trusted_one_vouches_for_it),
        cmocka_unit_test(no_more_than_eight_are_added_at_once),
        cmocka_unit_test(what_vouches_can_be_revoked),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
