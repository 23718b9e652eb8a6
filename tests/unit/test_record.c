/* Who owns a device: records read strictly, and judged by what went before. */

#include "identity/record.h"

#include "identity/record_rules.h"
#include "person.h"

#define PEOPLE(...) ((const struct person *const[]){__VA_ARGS__, NULL})

enum { ANN, BEN, CID, DAN, EVE, PERSONS };

struct scene {
    struct person people[PERSONS];
    struct hit hit;
    struct record *claimed; /* by Ann; Ben operator, Cid viewer, Dan recovery */
    char owner[2000], members[2000], text[RECORD_TEXT];
};

static struct scene scene;

static const struct person *p(int who)
{
    return &scene.people[who];
}

static const char *owner_of(const char *name, const struct person *const *keys)
{
    return person_owner(name, keys, scene.owner, sizeof(scene.owner));
}

static const char *member(const char *role, int who)
{
    (void)snprintf(scene.members, sizeof(scene.members),
        "[{\"name\":\"m\",\"role\":\"%s\",\"key\":\"%s\"}]", role,
        p(who)->text);
    return scene.members;
}

static enum err read_text(
    const char *text, const struct person *const *signers, struct record **out)
{
    struct json *envelope = person_envelope(text, signers);
    const char *why;
    enum err e = record_read(envelope, &why, out);

    json_free(envelope);
    return e;
}

static struct record *make(
    const struct person_record *r, const struct person *const *signers)
{
    struct record *out = NULL;

    person_write(r, scene.text, sizeof(scene.text));
    if (read_text(scene.text, signers, &out) != ERR_OK)
        fail_msg("not read: %s", scene.text);
    return out;
}

static enum record_verdict judge_in(struct record *next,
    const struct record *before, const unsigned char *claim_key)
{
    const struct record_place place = {
        "acme:t:1", &scene.hit, before, claim_key};
    const char *why = NULL;
    enum record_verdict verdict = record_judge(next, &place, &why);

    assert_int_equal(why == NULL, verdict == RECORD_TAKE);
    record_free(next);
    return verdict;
}

/* What Ann's device says to this record. */
static enum record_verdict judge(
    struct person_record r, const struct person *const *signers)
{
    if (r.epoch == 0)
        r.epoch = 2;
    r.before = scene.claimed;
    return judge_in(make(&r, signers), scene.claimed, NULL);
}

static int set_up(void **state)
{
    char members[2000];
    struct person_record r = {.act = "claim", .epoch = 1};

    (void)state;
    for (int i = 0; i < PERSONS; i++)
        person_make(&scene.people[i]);
    assert_int_equal(
        base64url_exact(PERSON_HIT, scene.hit.bytes, HIT_SIZE), ERR_OK);
    (void)snprintf(members, sizeof(members),
        "[{\"name\":\"Ben\",\"role\":\"operator\",\"key\":\"%s\"},"
        "{\"name\":\"Cid\",\"role\":\"viewer\",\"key\":\"%s\"}]",
        p(BEN)->text, p(CID)->text);
    r.owner = owner_of("Ann", PEOPLE(p(ANN)));
    r.recovery = p(DAN)->text;
    r.members = members;
    scene.claimed = make(&r, PEOPLE(p(ANN)));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    record_free(scene.claimed);
    return 0;
}

static void a_record_gives_each_key_its_role(void **state)
{
    const struct record *r = scene.claimed;

    (void)state;
    assert_int_equal(record_role(r, p(ANN)->key), RECORD_OWNER);
    assert_int_equal(record_role(r, p(BEN)->key), RECORD_OPERATOR);
    assert_int_equal(record_role(r, p(CID)->key), RECORD_VIEWER);
    assert_int_equal(record_role(r, p(DAN)->key), RECORD_RECOVERY);
    assert_int_equal(record_role(r, p(EVE)->key), RECORD_NOBODY);
    assert_int_equal(record_role(NULL, p(ANN)->key), RECORD_NOBODY);
    assert_true(record_is_owned(r));
    assert_false(record_is_owned(NULL));
    assert_string_equal(r->owner, "Ann");
}

static void an_envelope_comes_out_as_it_came_in(void **state)
{
    struct json *one = record_envelope(scene.claimed), *other;
    struct record *again;
    const char *why;

    (void)state;
    assert_int_equal(record_read(one, &why, &again), ERR_OK);
    other = record_envelope(again);
    assert_true(json_equal(one, other));
    record_free(again);
    json_free(one);
    json_free(other);
}

/* --- form ------------------------------------------------------------------
 */

static void refuses_text(const char *find, const char *put)
{
    struct person_record r = {.act = "claim", .epoch = 1};
    char text[RECORD_TEXT];
    struct record *out;
    char *at;

    r.owner = owner_of("Ann", PEOPLE(p(ANN)));
    r.members = member("viewer", CID);
    person_write(&r, scene.text, sizeof(scene.text));
    at = strstr(scene.text, find);
    assert_non_null(at);
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - scene.text),
        scene.text, put, at + strlen(find));
    if (read_text(text, PEOPLE(p(ANN)), &out) != ERR_INVALID)
        fail_msg("read: %s", text);
}

static void what_is_not_a_record_to_the_letter_is_refused(void **state)
{
    static const char *const changes[][2] = {
        {"\"v\":1",              "\"v\":2"                   },
        {"\"v\":1",              "\"v\":1,\"v\":1"           },
        {"\"v\":1,",             ""                          },
        {"\"v\":1",              "\"v\":1,\"more\":1"        },
        {"\"claim\"",            "\"steal\""                 },
        {"\"claim\"",            "\"release\""               },
        {"\"claim\"",            "\"transfer\""              },
        {"\"acme:t:1\"",         "1"                         },
        {PERSON_HIT,             "IAEA"                      },
        {"\"epoch\":1",          "\"epoch\":0"               },
        {"\"epoch\":1",          "\"epoch\":1.5"             },
        {"\"epoch\":1",          "\"epoch\":1e30"            },
        {"\"previous\":null",    "\"previous\":\"AAAA\""     },
        {"\"at\":1790000000000", "\"at\":null"               },
        {"\"name\":\"Ann\"",     "\"name\":\"\""             },
        {"\"name\":\"Ann\"",     "\"name\":5"                },
        {"\"name\":\"Ann\",",    ""                          },
        {"\"keys\":[",           "\"keys\":[\"BAAA\","       },
        {"\"recovery\":null",    "\"recovery\":\"BAAA\""     },
        {"\"role\":\"viewer\"",  "\"role\":\"owner\""        },
        {"\"name\":\"m\"",       "\"name\":\"m\",\"more\":[]"},
        {"\"members\":[",        "\"members\":[[],"          },
        {"\"members\"",          "\"owners\""                },
        {"}]}",                  "}]"                        },
        {"}]}",                  "}]} x"                     },
    };
    struct record *out;

    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        refuses_text(changes[i][0], changes[i][1]);
    /* The twin: unchanged it is read. */
    person_write(&(struct person_record){.act = "claim",
                     .epoch = 1,
                     .owner = owner_of("Ann", PEOPLE(p(ANN))),
                     .members = member("viewer", CID)},
        scene.text, sizeof(scene.text));
    assert_int_equal(read_text(scene.text, PEOPLE(p(ANN)), &out), ERR_OK);
    record_free(out);
}

static void expect_unread(struct person_record r)
{
    struct record *out;

    r.act = "claim";
    r.epoch = 1;
    person_write(&r, scene.text, sizeof(scene.text));
    assert_int_equal(read_text(scene.text, PEOPLE(p(ANN)), &out), ERR_INVALID);
}

static void no_key_stands_twice_and_all_lie_on_the_curve(void **state)
{
    char off[BASE64URL_SIZE(P256_POINT)];
    unsigned char point[P256_POINT];
    const struct person *nine[10] = {NULL};
    static struct person more[9];

    (void)state;
    expect_unread((struct person_record){
        .owner = owner_of("Ann", PEOPLE(p(ANN), p(ANN)))});
    expect_unread(
        (struct person_record){.owner = owner_of("Ann", PEOPLE(p(ANN))),
            .members = member("viewer", ANN)});
    expect_unread((struct person_record){
        .owner = owner_of("Ann", PEOPLE(p(ANN))), .recovery = p(ANN)->text});
    expect_unread(
        (struct person_record){.owner = owner_of("Ann", PEOPLE(p(ANN))),
            .members = member("viewer", CID),
            .recovery = p(CID)->text});
    memcpy(point, p(EVE)->key, sizeof(point));
    point[64] ^= 1;
    base64url_encode(point, sizeof(point), off);
    expect_unread((struct person_record){
        .owner = owner_of("Ann", PEOPLE(p(ANN))), .recovery = off});
    memset(point, 0, sizeof(point)); /* what some take for infinity */
    base64url_encode(point, sizeof(point), off);
    expect_unread((struct person_record){
        .owner = owner_of("Ann", PEOPLE(p(ANN))), .recovery = off});
    for (int i = 0; i < 9; i++) {
        person_make(&more[i]);
        nine[i] = &more[i];
    }
    expect_unread((struct person_record){.owner = owner_of("Ann", nine)});
    nine[8] = NULL;
    record_free(make(
        &(struct person_record){
            .act = "claim", .epoch = 1, .owner = owner_of("Ann", nine)},
        PEOPLE(p(ANN))));
}

static void an_envelope_is_read_to_the_letter_too(void **state)
{
    struct json *good = record_envelope(scene.claimed), *bad;
    struct json *entry;
    const char *why;
    struct record *out;

    (void)state;
    bad = json_clone(good);
    assert_int_equal(json_set(bad, "more", json_new_null()), ERR_OK);
    assert_int_equal(record_read(bad, &why, &out), ERR_INVALID);
    json_free(bad);
    bad = json_clone(good);
    entry = json_clone(json_first(json_get(bad, "signatures")));
    assert_int_equal(json_append(json_get(bad, "signatures"), entry), ERR_OK);
    assert_int_equal(record_read(bad, &why, &out), ERR_INVALID);
    json_free(bad);
    bad = json_clone(good);
    assert_int_equal(json_set(bad, "signatures", json_new_array()), ERR_OK);
    assert_int_equal(record_read(bad, &why, &out), ERR_INVALID);
    json_free(bad);
    assert_int_equal(record_read(NULL, &why, &out), ERR_INVALID);
    json_free(good);
}

/* --- what follows what -----------------------------------------------------
 */

static void a_device_without_a_record_takes_a_claim_by_the_key_with_the_code(
    void **state)
{
    struct person_record r = {.act = "claim",
        .epoch = 1,
        .owner = owner_of("Eve", PEOPLE(p(EVE), p(BEN)))};

    (void)state;
    assert_int_equal(
        judge_in(make(&r, PEOPLE(p(EVE))), NULL, p(EVE)->key), RECORD_TAKE);
    assert_int_equal(
        judge_in(make(&r, PEOPLE(p(EVE))), NULL, NULL), RECORD_NOT_YOURS);
    assert_int_equal(judge_in(make(&r, PEOPLE(p(EVE))), NULL, p(ANN)->key),
        RECORD_NOT_YOURS);
    assert_int_equal(judge_in(make(&r, PEOPLE(p(BEN))), NULL, p(EVE)->key),
        RECORD_NOT_YOURS);
    r.epoch = 2;
    assert_int_equal(
        judge_in(make(&r, PEOPLE(p(EVE))), NULL, p(EVE)->key), RECORD_STALE);
    r.epoch = 1;
    r.before = scene.claimed;
    assert_int_equal(
        judge_in(make(&r, PEOPLE(p(EVE))), NULL, p(EVE)->key), RECORD_STALE);
}

static void an_owned_device_takes_no_claim_until_it_was_released(void **state)
{
    struct person_record claim = {.act = "claim",
        .epoch = 2,
        .before = scene.claimed,
        .owner = owner_of("Eve", PEOPLE(p(EVE)))};
    struct person_record release = {
        .act = "release", .epoch = 2, .before = scene.claimed};
    struct record *nobody;

    (void)state;
    assert_int_equal(
        judge_in(make(&claim, PEOPLE(p(EVE))), scene.claimed, p(EVE)->key),
        RECORD_NOT_YOURS);
    nobody = make(&release, PEOPLE(p(ANN)));
    claim.epoch = 3;
    claim.before = nobody;
    assert_int_equal(
        judge_in(make(&claim, PEOPLE(p(EVE))), nobody, p(EVE)->key),
        RECORD_TAKE);
    record_free(nobody);
}

static void only_an_owner_shares_and_releases(void **state)
{
    struct person_record share = {
        .act = "share", .owner = owner_of("Ann", PEOPLE(p(ANN), p(EVE)))};
    struct person_record release = {.act = "release"};

    (void)state;
    assert_int_equal(judge(share, PEOPLE(p(ANN))), RECORD_TAKE);
    assert_int_equal(judge(share, PEOPLE(p(EVE))), RECORD_NOT_YOURS);
    assert_int_equal(judge(share, PEOPLE(p(BEN))), RECORD_NOT_YOURS);
    assert_int_equal(judge(share, PEOPLE(p(DAN))), RECORD_NOT_YOURS);
    assert_int_equal(judge(release, PEOPLE(p(ANN))), RECORD_TAKE);
    assert_int_equal(judge(release, PEOPLE(p(BEN))), RECORD_NOT_YOURS);
    assert_int_equal(judge(release, PEOPLE(p(DAN))), RECORD_NOT_YOURS);
}

static void only_the_recovery_key_recovers(void **state)
{
    struct person_record r = {
        .act = "recover", .owner = owner_of("Ann", PEOPLE(p(EVE)))};

    (void)state;
    assert_int_equal(judge(r, PEOPLE(p(DAN))), RECORD_TAKE);
    assert_int_equal(judge(r, PEOPLE(p(ANN))), RECORD_NOT_YOURS);
    assert_int_equal(judge(r, PEOPLE(p(EVE))), RECORD_NOT_YOURS);
}

static void a_transfer_wants_both_and_leaves_the_old_one_nothing(void **state)
{
    struct person_record r = {
        .act = "transfer", .owner = owner_of("Eve", PEOPLE(p(EVE)))};

    (void)state;
    assert_int_equal(judge(r, PEOPLE(p(ANN), p(EVE))), RECORD_TAKE);
    assert_int_equal(judge(r, PEOPLE(p(ANN))), RECORD_NOT_YOURS);
    assert_int_equal(judge(r, PEOPLE(p(EVE))), RECORD_NOT_YOURS);
    assert_int_equal(judge(r, PEOPLE(p(BEN), p(EVE))), RECORD_NOT_YOURS);
    r.recovery = p(DAN)->text;
    assert_int_equal(judge(r, PEOPLE(p(ANN), p(EVE))), RECORD_NOT_YOURS);
    r.recovery = NULL;
    r.owner = owner_of("Eve", PEOPLE(p(EVE), p(ANN)));
    assert_int_equal(judge(r, PEOPLE(p(ANN), p(EVE))), RECORD_NOT_YOURS);
    r.owner = owner_of("Eve", PEOPLE(p(EVE), p(BEN)));
    assert_int_equal(judge(r, PEOPLE(p(ANN), p(EVE))), RECORD_NOT_YOURS);
    assert_int_equal(judge(r, PEOPLE(p(ANN), p(EVE), p(BEN))), RECORD_TAKE);
}

static void nobody_makes_a_reset_but_the_device(void **state)
{
    static const char device[] = "{\"device\":true,\"signature\":\"AAAA\"}";
    struct person_record r = {
        .act = "reset", .epoch = 2, .before = scene.claimed};
    struct json *envelope, *entry;
    struct record *out;
    const char *why;

    (void)state;
    person_write(&r, scene.text, sizeof(scene.text));
    assert_int_equal(read_text(scene.text, PEOPLE(p(ANN)), &out), ERR_INVALID);
    envelope = person_envelope(scene.text, PEOPLE(p(ANN)));
    assert_int_equal(json_parse(device, sizeof(device) - 1,
                         (struct json_limits){100, 2}, &entry),
        ERR_OK);
    assert_int_equal(
        json_set(envelope, "signatures", json_new_array()), ERR_OK);
    assert_int_equal(
        json_append(json_get(envelope, "signatures"), entry), ERR_OK);
    assert_int_equal(record_read(envelope, &why, &out), ERR_OK);
    json_free(envelope);
    assert_int_equal(judge_in(out, scene.claimed, NULL), RECORD_NOT_YOURS);
}

static void what_does_not_follow_is_stale(void **state)
{
    struct person_record share = {
        .act = "share", .owner = owner_of("Ann", PEOPLE(p(ANN)))};

    (void)state;
    share.epoch = 1;
    assert_int_equal(judge(share, PEOPLE(p(ANN))), RECORD_STALE);
    share.epoch = 3;
    assert_int_equal(judge(share, PEOPLE(p(ANN))), RECORD_STALE);
    share.epoch = 2;
    assert_int_equal(
        judge_in(make(&share, PEOPLE(p(ANN))), scene.claimed, NULL),
        RECORD_STALE);
}

static void a_record_for_another_device_is_wrong(void **state)
{
    struct person_record share = {.act = "share",
        .epoch = 2,
        .before = scene.claimed,
        .owner = owner_of("Ann", PEOPLE(p(ANN)))};
    struct hit other = scene.hit;
    struct record_place place = {"acme:t:1", &other, scene.claimed, NULL};
    struct record *r = make(&share, PEOPLE(p(ANN)));
    const char *why;

    (void)state;
    assert_int_equal(record_judge(r, &place, &why), RECORD_TAKE);
    other.bytes[15] ^= 1;
    assert_int_equal(record_judge(r, &place, &why), RECORD_WRONG);
    place.hit = &scene.hit;
    place.thing = "acme:t:2";
    assert_int_equal(record_judge(r, &place, &why), RECORD_WRONG);
    record_free(r);
}

static void a_signature_that_is_not_right_counts_for_nothing(void **state)
{
    struct person_record share = {
        .act = "share", .owner = owner_of("Ann", PEOPLE(p(ANN)))};
    struct record *r;

    (void)state;
    share.epoch = 2;
    share.before = scene.claimed;
    r = make(&share, PEOPLE(p(ANN)));
    r->signatures[0].signature[10] ^= 1;
    assert_int_equal(judge_in(r, scene.claimed, NULL), RECORD_NOT_YOURS);
    r = make(&share, PEOPLE(p(ANN)));
    memcpy(r->signatures[0].signature, scene.claimed->signatures[0].signature,
        USER_KEY_SIGNATURE);
    assert_int_equal(judge_in(r, scene.claimed, NULL), RECORD_NOT_YOURS);
    /* One that nobody asked for must be right as well. */
    r = make(&share, PEOPLE(p(ANN), p(EVE)));
    r->signatures[1].signature[10] ^= 1;
    assert_int_equal(judge_in(r, scene.claimed, NULL), RECORD_NOT_YOURS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_gives_each_key_its_role),
        cmocka_unit_test(an_envelope_comes_out_as_it_came_in),
        cmocka_unit_test(what_is_not_a_record_to_the_letter_is_refused),
        cmocka_unit_test(no_key_stands_twice_and_all_lie_on_the_curve),
        cmocka_unit_test(an_envelope_is_read_to_the_letter_too),
        cmocka_unit_test(
            a_device_without_a_record_takes_a_claim_by_the_key_with_the_code),
        cmocka_unit_test(an_owned_device_takes_no_claim_until_it_was_released),
        cmocka_unit_test(only_an_owner_shares_and_releases),
        cmocka_unit_test(only_the_recovery_key_recovers),
        cmocka_unit_test(a_transfer_wants_both_and_leaves_the_old_one_nothing),
        cmocka_unit_test(nobody_makes_a_reset_but_the_device),
        cmocka_unit_test(what_does_not_follow_is_stale),
        cmocka_unit_test(a_record_for_another_device_is_wrong),
        cmocka_unit_test(a_signature_that_is_not_right_counts_for_nothing),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
