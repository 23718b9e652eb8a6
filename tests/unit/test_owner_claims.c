/* Claims that are under way: steps in their order, in their time, and few. */

#include "device/owner_claims.h"

#include "identity/user_key.h"
#include "person.h"

#define CODE "6688575884"

struct scene {
    struct owner_claims *claims;
    struct claim_verifier verifier;
    struct hit hit;
    struct person ann;
    struct spake2plus_prover *prover;
    unsigned char id[BOX_CHANNEL], share[P256_POINT];
    struct owner_claims_answer answer;
};

static int set_up(void **state)
{
    static struct scene scene;

    scene = (struct scene){.verifier = {.iterations = 1}};
    *state = &scene;
    person_make(&scene.ann);
    return claim_verifier_make(&scene.verifier, CODE, "acme:t:1") != ERR_OK ||
        owner_claims_new("acme:t:1", &scene.hit, &scene.claims) != ERR_OK;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    owner_claims_free(s->claims);
    spake2plus_prover_free(s->prover);
    return 0;
}

/* Steps 1 and 2 at this time, with this code. */
static enum err share(struct scene *s, const char *code, int64_t now_ms)
{
    const struct owner_claims_share request = {s->id, s->ann.key, s->share};
    struct spake2plus_code given = {
        transcript_text(code), transcript_text(CLAIM_PROVER),
        transcript_text("acme:t:1"), {s->verifier.salt, SPAKE2PLUS_SALT},
         1
    };
    struct spake2plus_secrets secrets;

    assert_int_equal(owner_claims_begin(s->claims, now_ms, s->id), ERR_OK);
    assert_int_equal(spake2plus_stretch(&given, &secrets), ERR_OK);
    spake2plus_prover_free(s->prover);
    s->prover = NULL;
    assert_int_equal(spake2plus_prover_start(&secrets, &s->prover), ERR_OK);
    memcpy(s->share, spake2plus_prover_share(s->prover), P256_POINT);
    return owner_claims_share(
        s->claims, now_ms, &s->verifier.record, &request, &s->answer);
}

/* What the user sends in step 3, and the key. */
static enum err finish(struct scene *s,
    unsigned char confirm[SPAKE2PLUS_CONFIRM], unsigned char key[BOX_KEY])
{
    const struct span fields[] = {
        transcript_text("nameplate-claim-v1"), transcript_text("acme:t:1"),
        {s->hit.bytes, HIT_SIZE   },
         {s->id,        BOX_CHANNEL}
    };
    const struct spake2plus_answer heard = {
        {s->answer.share,   P256_POINT        },
        {s->answer.confirm, SPAKE2PLUS_CONFIRM}
    };
    struct spake2plus_names names = {
        .prover = {s->ann.key, P256_POINT},
        .verifier = transcript_text("acme:t:1")
    };
    struct bytes context;
    enum err e;

    assert_int_equal(transcript_join(fields, 4, &context), ERR_OK);
    names.context = bytes_span(&context);
    e = spake2plus_prover_finish(s->prover, &names, &heard, confirm, key);
    bytes_free(&context);
    return e;
}

static void a_right_code_agrees_on_the_channels_keys(void **state)
{
    struct scene *s = *state;
    unsigned char confirm[SPAKE2PLUS_CONFIRM], agreed[BOX_KEY];
    struct owner_claim *claim;
    struct box_keys keys;

    assert_int_equal(share(s, CODE, 0), ERR_OK);
    assert_null(owner_claims_find(s->claims, 0, s->id));
    assert_int_equal(finish(s, confirm, agreed), ERR_OK);
    assert_int_equal(owner_claims_confirm(s->claims, 1, s->id,
                         (struct span){confirm, sizeof(confirm)}, &claim),
        ERR_OK);
    assert_int_equal(box_keys_of_claim(agreed, s->id, &keys), ERR_OK);
    assert_memory_equal(&claim->keys, &keys, sizeof(keys));
    assert_memory_equal(claim->key, s->ann.key, P256_POINT);
    assert_ptr_equal(owner_claims_find(s->claims, 2, s->id), claim);
    assert_null(owner_claims_find(s->claims, OWNER_CLAIMS_MS, s->id));
    owner_claims_end(s->claims, s->id);
    assert_null(owner_claims_find(s->claims, 2, s->id));
}

static void a_wrong_code_ends_the_claim_at_once(void **state)
{
    struct scene *s = *state;
    unsigned char confirm[SPAKE2PLUS_CONFIRM] = {0}, agreed[BOX_KEY];
    struct owner_claim *claim;

    assert_int_equal(share(s, "6688575885", 0), ERR_OK);
    assert_int_equal(finish(s, confirm, agreed), ERR_DENIED);
    for (int i = 0; i < 2; i++)
        assert_int_equal(owner_claims_confirm(s->claims, 1, s->id,
                             (struct span){confirm, sizeof(confirm)}, &claim),
            i == 0 ? ERR_DENIED : ERR_NOT_FOUND);
    assert_int_equal(owner_claims_next_ms(s->claims, 1), -1);
}

static void a_claim_answers_one_guess_only(void **state)
{
    struct scene *s = *state;
    const struct owner_claims_share request = {s->id, s->ann.key, s->share};

    assert_int_equal(share(s, CODE, 0), ERR_OK);
    assert_int_equal(owner_claims_share(s->claims, 0, &s->verifier.record,
                         &request, &s->answer),
        ERR_NOT_FOUND);
}

static void what_is_no_point_is_refused_and_costs_nothing(void **state)
{
    struct scene *s = *state;
    unsigned char good[P256_POINT], bad[4][P256_POINT] = {{0}};
    struct owner_claims_share request = {s->id, good, good};

    memcpy(good, s->ann.key, P256_POINT);
    for (int i = 1; i < 4; i++)
        memcpy(bad[i], good, P256_POINT);
    bad[1][64] ^= 1;              /* not on the curve */
    bad[2][0] = 2;                /* another encoding */
    memset(bad[3] + 1, 0xff, 32); /* beyond the field */
    assert_int_equal(owner_claims_begin(s->claims, 0, s->id), ERR_OK);
    for (int i = 0; i < 4; i++) {
        request.share = bad[i];
        assert_int_equal(owner_claims_share(s->claims, 0, &s->verifier.record,
                             &request, &s->answer),
            ERR_INVALID);
        request.share = good;
        request.key = bad[i];
        assert_int_equal(owner_claims_share(s->claims, 0, &s->verifier.record,
                             &request, &s->answer),
            ERR_INVALID);
        request.key = good;
    }
    assert_int_equal(owner_claims_share(s->claims, 0, &s->verifier.record,
                         &request, &s->answer),
        ERR_OK);
}

static void four_are_open_for_two_minutes(void **state)
{
    struct scene *s = *state;
    unsigned char id[BOX_CHANNEL];

    for (int i = 0; i < OWNER_CLAIMS_OPEN; i++)
        assert_int_equal(owner_claims_begin(s->claims, 10 * i, id), ERR_OK);
    assert_int_equal(owner_claims_begin(s->claims, 100, id), ERR_AGAIN);
    assert_int_equal(
        owner_claims_next_ms(s->claims, 100), OWNER_CLAIMS_MS - 100);
    assert_int_equal(owner_claims_expire(s->claims, OWNER_CLAIMS_MS - 1), 0);
    assert_int_equal(
        owner_claims_begin(s->claims, OWNER_CLAIMS_MS - 1, id), ERR_AGAIN);
    assert_int_equal(owner_claims_expire(s->claims, OWNER_CLAIMS_MS), 0);
    assert_int_equal(
        owner_claims_begin(s->claims, OWNER_CLAIMS_MS, id), ERR_OK);
}

static void a_guess_that_nobody_stood_by_is_told_when_it_ends(void **state)
{
    struct scene *s = *state;
    unsigned char confirm[SPAKE2PLUS_CONFIRM], agreed[BOX_KEY];
    struct owner_claim *claim;

    assert_int_equal(share(s, CODE, 0), ERR_OK);
    assert_int_equal(owner_claims_expire(s->claims, OWNER_CLAIMS_MS), 1);
    assert_int_equal(share(s, CODE, 0), ERR_OK);
    assert_int_equal(finish(s, confirm, agreed), ERR_OK);
    assert_int_equal(owner_claims_confirm(s->claims, OWNER_CLAIMS_MS, s->id,
                         (struct span){confirm, sizeof(confirm)}, &claim),
        ERR_NOT_FOUND);
    assert_int_equal(owner_claims_confirm(s->claims, 5, s->id,
                         (struct span){confirm, sizeof(confirm)}, &claim),
        ERR_OK);
    assert_int_equal(owner_claims_expire(s->claims, OWNER_CLAIMS_MS), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_right_code_agrees_on_the_channels_keys),
        TEST(a_wrong_code_ends_the_claim_at_once),
        TEST(a_claim_answers_one_guess_only),
        TEST(what_is_no_point_is_refused_and_costs_nothing),
        TEST(four_are_open_for_two_minutes),
        TEST(a_guess_that_nobody_stood_by_is_told_when_it_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
