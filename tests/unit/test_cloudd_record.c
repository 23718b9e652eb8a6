/* What cloudd believes of an ownership record. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/record.h"
#include "cloudd_people.h"
#include "core/base64url.h"
#include "core/json.h"
#include "record_forms.h"

#define THING "acme:thermo-1:S1"

static struct person ann, bob, eve;

static int people(void **state)
{
    (void)state;
    person_new(&ann);
    person_new(&bob);
    person_new(&eve);
    return 0;
}

static int no_people(void **state)
{
    (void)state;
    mbedtls_ecp_keypair_free(&ann.pair);
    mbedtls_ecp_keypair_free(&bob.pair);
    mbedtls_ecp_keypair_free(&eve.pair);
    return 0;
}

/* A record's text in an envelope with these people's signatures. */
static struct json *envelope(
    const char *text, struct person *first, struct person *second)
{
    struct proof_field fields[] = {
        {"nameplate-record-v1", 19          },
        {text,                  strlen(text)}
    };
    struct person *signers[] = {first, second};
    size_t size = 2 * strlen(text) + 1000;
    char *encoded = malloc(size), *all = malloc(2 * size);
    unsigned char hash[32];
    char signature[90];
    struct json *json = NULL;
    int len;

    assert_non_null(encoded);
    assert_non_null(all);
    assert_int_equal(proof_hash(fields, 2, hash), ERR_OK);
    base64url_encode(text, strlen(text), encoded);
    len =
        snprintf(all, 2 * size, "{\"record\":\"%s\",\"signatures\":[", encoded);
    for (int i = 0; i < 2; i++) {
        if (signers[i] == NULL)
            continue;
        sign_hash(signers[i], hash, signature);
        len += snprintf(all + len, 2 * size - (size_t)len,
            "%s{\"key\":\"%s\",\"signature\":\"%s\"}", i > 0 ? "," : "",
            signers[i]->key, signature);
    }
    (void)snprintf(all + len, 2 * size - (size_t)len, "]}");
    assert_int_equal(
        json_parse(all, strlen(all), (struct json_limits){200000, 10}, &json),
        ERR_OK);
    free(encoded);
    free(all);
    return json;
}

struct plan {
    const char *act, *thing, *previous, *recovery, *members;
    int epoch;
    struct person *owner, *second; /* keys of the owner */
    struct person *by, *with;      /* who signs */
    bool nobody;                   /* owner null */
};

static void write_text(const struct plan *p, char *out, size_t size)
{
    char owner[400] = "null", previous[100] = "null", recovery[120] = "null";

    if (!p->nobody)
        (void)snprintf(owner, sizeof(owner),
            "{\"name\":\"Ann\",\"keys\":[\"%s\"%s%s%s]}", p->owner->key,
            p->second != NULL ? ",\"" : "",
            p->second != NULL ? p->second->key : "",
            p->second != NULL ? "\"" : "");
    if (p->previous != NULL)
        (void)snprintf(previous, sizeof(previous), "\"%s\"", p->previous);
    if (p->recovery != NULL)
        (void)snprintf(recovery, sizeof(recovery), "\"%s\"", p->recovery);
    (void)snprintf(out, size,
        "{\"v\":1,\"act\":\"%s\",\"thing\":\"%s\",\"hit\":\"" FORM_HIT
        "\",\"epoch\":%"
        "d,"
        "\"previous\":%s,\"at\":1,\"owner\":%s,\"recovery\":%s,"
        "\"members\":[%s]}",
        p->act, p->thing != NULL ? p->thing : THING, p->epoch, previous, owner,
        recovery, p->members != NULL ? p->members : "");
}

static struct record *read_plan(const struct plan *p, const char **why)
{
    char text[2000];
    struct json *json;
    struct record *record = NULL;
    enum err e;

    write_text(p, text, sizeof(text));
    json = envelope(text, p->by, p->with);
    e = record_read(json, THING, why, &record);
    assert_int_equal(e, record != NULL ? ERR_OK : ERR_INVALID);
    json_free(json);
    return record;
}

static struct record *good(const struct plan *p)
{
    const char *why = NULL;
    struct record *record = read_plan(p, &why);

    if (record == NULL)
        fail_msg("refused: %s", why);
    return record;
}

static void bad(const struct plan *p)
{
    const char *why = NULL;
    struct record *record = read_plan(p, &why);

    assert_null(record);
    assert_non_null(why);
}

/* SHA-256 of a plan's text, as the next record names it. */
static void hash_of(const struct plan *p, char out[50])
{
    char text[2000];
    unsigned char hash[32];

    write_text(p, text, sizeof(text));
    assert_int_equal(proof_sha256(text, strlen(text), hash), ERR_OK);
    base64url_encode(hash, 32, out);
}

static const struct plan claim = {
    .act = "claim", .epoch = 1, .owner = &ann, .by = &ann};

/* --- what is signed ------------------------------------------------------- */

static void fields_cannot_be_shifted_into_one_another(void **state)
{
    struct proof_field ab_c[] =
        {
            {"ab", 2},
            {"c",  1}
    },
                       a_bc[] = {{"a", 1}, {"bc", 2}};
    unsigned char x[32], y[32];

    (void)state;
    assert_int_equal(proof_hash(ab_c, 2, x), ERR_OK);
    assert_int_equal(proof_hash(a_bc, 2, y), ERR_OK);
    assert_memory_not_equal(x, y, 32);
}

static void a_key_is_a_point_on_the_curve(void **state)
{
    unsigned char bytes[PROOF_POINT] = {4, 1, 2, 3};
    char text[PROOF_KEY_SIZE];

    (void)state;
    assert_true(proof_is_key(ann.key));
    base64url_encode(bytes, sizeof(bytes), text);
    assert_false(proof_is_key(text)); /* not on the curve */
    base64url_encode("\0", 1, text);
    assert_false(proof_is_key(text)); /* infinity */
    assert_false(proof_is_key(""));
    assert_int_equal(proof_random_key(text), ERR_OK);
    assert_true(proof_is_key(text));
}

/* --- one record ----------------------------------------------------------- */

static void a_claim_makes_its_key_the_owner(void **state)
{
    struct record *r = good(&claim);

    (void)state;
    assert_int_equal(record_role(r, ann.key), ROLE_OWNER);
    assert_int_equal(record_role(r, bob.key), ROLE_NONE);
    assert_true(record_owned(r));
    assert_null(record_fault_after(r, NULL));
    record_free(r);
}

static void a_record_with_one_thing_wrong_is_refused(void **state)
{
    struct plan p;
    char members[300];

    (void)state;
    p = claim, p.by = &eve, bad(&p);   /* signed by somebody else */
    p = claim, p.by = NULL, bad(&p);   /* by nobody */
    p = claim, p.with = &ann, bad(&p); /* twice by the same */
    p = claim, p.act = "seize", bad(&p);
    p = claim, p.thing = "acme:thermo-1:S2", bad(&p);
    p = claim, p.epoch = 0, bad(&p);
    p = claim, p.nobody = true, bad(&p);
    p = claim, p.second = &ann, bad(&p); /* a key stands twice */
    p = claim, p.recovery = ann.key, bad(&p);
    p = claim, p.recovery = "AAAA", bad(&p);
    (void)snprintf(members, sizeof(members),
        "{\"name\":\"B\",\"role\":\"owner\",\"key\":\"%s\"}", bob.key);
    p = claim, p.members = members, bad(&p); /* there is no such role */
    (void)snprintf(members, sizeof(members),
        "{\"name\":\"B\",\"role\":\"viewer\",\"key\":\"%s\"}", ann.key);
    p = claim, p.members = members, bad(&p);
    (void)snprintf(members, sizeof(members),
        "{\"name\":\"B\",\"role\":\"viewer\",\"key\":\"%s\"}", bob.key);
    p = claim, p.members = members, record_free(good(&p)); /* the twin */
}

static void a_changed_byte_makes_the_signature_wrong(void **state)
{
    char text[2000], encoded[3000];
    const char *why;
    struct record *r = NULL;
    struct json *json;

    (void)state;
    write_text(&claim, text, sizeof(text));
    json = envelope(text, &ann, NULL);
    assert_int_equal(record_read(json, THING, &why, &r), ERR_OK);
    record_free(r);
    r = NULL;
    *strstr(text, "\"at\":1") = ' ';
    text[strlen(text) - 1] = ' ';
    write_text(&claim, text, sizeof(text));
    *strstr(text, "Ann") = 'B';
    base64url_encode(text, strlen(text), encoded);
    assert_int_equal(
        json_set(json, "record", json_new_string(encoded)), ERR_OK);
    assert_int_equal(record_read(json, THING, &why, &r), ERR_INVALID);
    json_free(json);
}

/* As the device reads it: test_record_forms has the same texts. */
static void a_record_has_the_members_of_the_document_and_no_others(void **state)
{
    const char *const keys[] = {ann.key, bob.key, eve.key};
    char text[FORM_SIZE];

    (void)state;
    for (size_t i = 0; i < RECORD_FORMS; i++) {
        struct record *r = NULL;
        struct json *json;
        const char *why = NULL;

        record_form_fill(record_forms[i].text, keys, text);
        json = envelope(text, &ann, NULL);
        if ((record_read(json, FORM_THING, &why, &r) == ERR_OK) !=
            record_forms[i].fits)
            fail_msg("%s: %s", why != NULL ? why : "taken", text);
        record_free(r);
        json_free(json);
    }
}

static void nonsense_is_refused(void **state)
{
    static const char *const texts[] = {"{}", "[]", "7", "null",
        "{\"record\":7}", "{\"record\":\"!\"}", "{\"record\":\"\"}",
        "{\"record\":\"e30\",\"signatures\":7}",
        "{\"record\":\"bnVsbA\",\"signatures\":[]}",
        "{\"record\":\"e30\",\"signatures\":[{\"key\":1}]}"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct record *r = NULL;
        struct json *json = NULL;
        const char *why = NULL;

        assert_int_equal(json_parse(texts[i], strlen(texts[i]),
                             (struct json_limits){1000, 10}, &json),
            ERR_OK);
        assert_int_equal(record_read(json, THING, &why, &r), ERR_INVALID);
        json_free(json);
    }
}

static void a_record_that_is_too_large_is_refused(void **state)
{
    size_t size = RECORD_MOST + 10;
    char *text = malloc(size + 1);
    struct record *r = NULL;
    struct json *json;
    const char *why = NULL;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', size);
    text[size] = '\0';
    json = envelope(text, &ann, NULL);
    assert_int_equal(record_read(json, THING, &why, &r), ERR_INVALID);
    json_free(json);
    free(text);
}

static void a_reset_is_the_devices_own_word(void **state)
{
    struct plan p = {.act = "reset", .epoch = 2, .nobody = true, .by = &ann};
    char text[2000], encoded[3000], all[4000];
    struct record *r = NULL;
    struct json *json = NULL;
    const char *why;

    (void)state;
    bad(&p); /* by a person */
    write_text(&p, text, sizeof(text));
    base64url_encode(text, strlen(text), encoded);
    (void)snprintf(all, sizeof(all),
        "{\"record\":\"%s\",\"signatures\":[{\"device\":true,"
        "\"signature\":\"AA\"}]}",
        encoded);
    assert_int_equal(
        json_parse(all, strlen(all), (struct json_limits){10000, 10}, &json),
        ERR_OK);
    assert_int_equal(record_read(json, THING, &why, &r), ERR_OK);
    assert_false(record_owned(r));
    assert_true(record_wipes(record_act(r)));
    record_free(r);
    json_free(json);
}

/* --- one after the other -------------------------------------------------- */

static const char *judge(const struct plan *before, const struct plan *next)
{
    struct record *a = good(before), *b = good(next);
    const char *why = record_fault_after(b, a);

    record_free(a);
    record_free(b);
    return why;
}

static void the_owner_shares_and_a_stranger_does_not(void **state)
{
    struct plan share = {
        .act = "share", .epoch = 2, .owner = &ann, .second = &bob, .by = &ann};
    char hash[50];

    (void)state;
    hash_of(&claim, hash);
    share.previous = hash;
    assert_null(judge(&claim, &share));
    share.by = &bob; /* the new browser by itself */
    assert_non_null(judge(&claim, &share));
    share.by = &ann;
    share.epoch = 1;
    assert_non_null(judge(&claim, &share));
    share.epoch = 2;
    share.previous = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_non_null(judge(&claim, &share));
    share.previous = NULL;
    assert_non_null(judge(&claim, &share));
    share.epoch = 7; /* what came between, only the device saw */
    assert_null(judge(&claim, &share));
}

static void a_transfer_is_accepted_by_both(void **state)
{
    struct plan give = {
        .act = "transfer", .epoch = 2, .owner = &bob, .by = &ann, .with = &bob};
    char hash[50];

    (void)state;
    hash_of(&claim, hash);
    give.previous = hash;
    assert_null(judge(&claim, &give));
    give.by = &eve;
    assert_non_null(judge(&claim, &give));
    give.by = &ann;
    give.with = NULL; /* the new owner was not asked */
    bad(&give);
    give.by = &bob; /* took it by himself */
    bad(&give);
    give.by = &ann;
    give.with = &bob;
    give.second = &ann; /* would keep a key */
    bad(&give);
}

static void only_the_recovery_key_recovers(void **state)
{
    struct plan first = claim;
    struct plan back = {
        .act = "recover", .epoch = 2, .owner = &bob, .by = &eve};
    char hash[50];

    (void)state;
    first.recovery = eve.key;
    hash_of(&first, hash);
    back.previous = hash;
    assert_null(judge(&first, &back));
    back.by = &bob;
    assert_non_null(judge(&first, &back));
}

static void what_is_owned_is_not_claimed_and_what_is_released_is(void **state)
{
    struct plan again = {.act = "claim", .epoch = 2, .owner = &bob, .by = &bob};
    struct plan gone = {
        .act = "release", .epoch = 2, .nobody = true, .by = &ann};
    char hash[50];

    (void)state;
    hash_of(&claim, hash);
    again.previous = gone.previous = hash;
    assert_non_null(judge(&claim, &again));
    assert_null(judge(&claim, &gone));
    gone.by = &bob;
    assert_non_null(judge(&claim, &gone));
    gone.by = &ann;
    hash_of(&gone, hash);
    again.epoch = 3;
    gone.previous = NULL;
    hash_of(&gone, hash);
    again.previous = hash;
    assert_null(judge(&gone, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_cannot_be_shifted_into_one_another),
        cmocka_unit_test(a_key_is_a_point_on_the_curve),
        cmocka_unit_test(a_claim_makes_its_key_the_owner),
        cmocka_unit_test(a_record_with_one_thing_wrong_is_refused),
        cmocka_unit_test(a_changed_byte_makes_the_signature_wrong),
        cmocka_unit_test(
            a_record_has_the_members_of_the_document_and_no_others),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(a_record_that_is_too_large_is_refused),
        cmocka_unit_test(a_reset_is_the_devices_own_word),
        cmocka_unit_test(the_owner_shares_and_a_stranger_does_not),
        cmocka_unit_test(a_transfer_is_accepted_by_both),
        cmocka_unit_test(only_the_recovery_key_recovers),
        cmocka_unit_test(what_is_owned_is_not_claimed_and_what_is_released_is),
    };

    return cmocka_run_group_tests(tests, people, no_people);
}
