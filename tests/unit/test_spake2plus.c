/* SPAKE2+: RFC 9383, its published values, and what an enemy sends. */

#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"
#include "hex.h"
#include "identity/spake2plus_inside.h"
#include "memory_scan.h"
#include "spake2plus_vectors.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(s)  ((struct span){(const unsigned char *)(s), strlen(s)})

static const struct spake2plus_names rfc_names = {
    {(const unsigned char *)RFC_CONTEXT,  sizeof(RFC_CONTEXT) - 1 },
    {(const unsigned char *)RFC_PROVER,   sizeof(RFC_PROVER) - 1  },
    {(const unsigned char *)RFC_VERIFIER, sizeof(RFC_VERIFIER) - 1}
};

/* --- the published values ----------------------------------------------- */

static void put(unsigned char *out, const char *hex)
{
    struct hex_bytes v = hex_read(hex);

    memcpy(out, v.bytes, v.len);
}

static void assert_hex(const unsigned char *bytes, const char *hex)
{
    struct hex_bytes v = hex_read(hex);

    assert_memory_equal(bytes, v.bytes, v.len);
}

static struct spake2plus_record rfc_record(void)
{
    struct spake2plus_record record = {{0}, {0}};

    put(record.w0, RFC_W0);
    put(record.l, RFC_L);
    return record;
}

static struct spake2plus_secrets rfc_secrets(void)
{
    struct spake2plus_secrets secrets = {{0}, {0}};

    put(secrets.w0, RFC_W0);
    put(secrets.w1, RFC_W1);
    return secrets;
}

static struct spake2plus *rfc_run(void)
{
    struct spake2plus_record record = rfc_record();
    struct hex_bytes share = hex_read(RFC_SHARE_P), y = hex_read(RFC_Y);
    struct spake2plus *run = NULL;

    assert_int_equal(spake2plus_start_with(&record, &rfc_names,
                         (struct span){share.bytes, share.len}, y.bytes, &run),
        ERR_OK);
    return run;
}

static struct spake2plus_prover *rfc_prover(void)
{
    struct spake2plus_secrets secrets = rfc_secrets();
    struct hex_bytes x = hex_read(RFC_X);
    struct spake2plus_prover *run = NULL;

    assert_int_equal(
        spake2plus_prover_start_with(&secrets, x.bytes, &run), ERR_OK);
    return run;
}

static void the_verifier_makes_every_published_value(void **state)
{
    struct spake2plus *run = rfc_run();
    struct hex_bytes confirm = hex_read(RFC_CONFIRM_P);
    unsigned char key[SPAKE2PLUS_KEY];

    (void)state;
    assert_hex(spake2plus_share(run), RFC_SHARE_V);
    assert_hex(run->transcript.z, RFC_Z);
    assert_hex(run->transcript.v, RFC_V);
    assert_hex(run->keys.main, RFC_K_MAIN); /* so the transcript is TT */
    assert_hex(run->keys.confirm_p, RFC_K_CONFIRM_P);
    assert_hex(run->keys.confirm_v, RFC_K_CONFIRM_V);
    assert_hex(spake2plus_confirm(run), RFC_CONFIRM_V);
    assert_int_equal(
        spake2plus_finish(run, (struct span){confirm.bytes, confirm.len}, key),
        ERR_OK);
    assert_hex(key, RFC_K_SHARED);
    spake2plus_free(run);
}

static void the_prover_makes_every_published_value(void **state)
{
    struct spake2plus_prover *run = rfc_prover();
    struct hex_bytes share = hex_read(RFC_SHARE_V);
    struct hex_bytes confirm_v = hex_read(RFC_CONFIRM_V);
    const struct spake2plus_answer answer = {
        {share.bytes,     share.len    },
        {confirm_v.bytes, confirm_v.len}
    };
    unsigned char confirm[SPAKE2PLUS_CONFIRM], key[SPAKE2PLUS_KEY];

    (void)state;
    assert_hex(spake2plus_prover_share(run), RFC_SHARE_P);
    assert_int_equal(
        spake2plus_prover_finish(run, &rfc_names, &answer, confirm, key),
        ERR_OK);
    assert_hex(confirm, RFC_CONFIRM_P);
    assert_hex(key, RFC_K_SHARED);
    spake2plus_prover_free(run);
}

static void L_is_w1_times_the_base_point(void **state)
{
    struct hex_bytes w1 = hex_read(RFC_W1);
    unsigned char l[P256_POINT];

    (void)state;
    assert_int_equal(p256_multiply(w1.bytes, p256_base, l), ERR_OK);
    assert_hex(l, RFC_L);
}

/* --- runs ---------------------------------------------------------------- */

struct meeting {
    struct spake2plus_secrets secrets;
    struct spake2plus_record record;
    struct spake2plus_names prover, verifier;
    int spoil; /* which message is changed on the way */
    /* what came of it */
    enum err start, judged, finish;
    unsigned char key_p[SPAKE2PLUS_KEY], key_v[SPAKE2PLUS_KEY];
};

enum { SPOIL_NOTHING, SPOIL_CONFIRM_V, SPOIL_CONFIRM_P };

static struct meeting meeting_of_two(void)
{
    return (struct meeting){.secrets = rfc_secrets(),
        .record = rfc_record(),
        .prover = rfc_names,
        .verifier = rfc_names,
        .judged = ERR_AGAIN,
        .finish = ERR_AGAIN};
}

static void judge(struct meeting *m, struct spake2plus_prover *prover,
    struct spake2plus *verifier)
{
    unsigned char mac_v[SPAKE2PLUS_CONFIRM], mac_p[SPAKE2PLUS_CONFIRM] = {0};
    const struct spake2plus_answer answer = {
        {spake2plus_share(verifier), P256_POINT   },
        {mac_v,                      sizeof(mac_v)}
    };

    memcpy(mac_v, spake2plus_confirm(verifier), sizeof(mac_v));
    mac_v[31] ^= m->spoil == SPOIL_CONFIRM_V;
    m->judged =
        spake2plus_prover_finish(prover, &m->prover, &answer, mac_p, m->key_p);
    mac_p[0] ^= m->spoil == SPOIL_CONFIRM_P;
    m->finish = spake2plus_finish(
        verifier, (struct span){mac_p, sizeof(mac_p)}, m->key_v);
}

static void meet(struct meeting *m)
{
    struct spake2plus_prover *prover = NULL;
    struct spake2plus *verifier = NULL;

    assert_int_equal(spake2plus_prover_start(&m->secrets, &prover), ERR_OK);
    m->start = spake2plus_start(&m->record, &m->verifier,
        (struct span){spake2plus_prover_share(prover), P256_POINT}, &verifier);
    if (m->start == ERR_OK)
        judge(m, prover, verifier);
    spake2plus_prover_free(prover);
    spake2plus_free(verifier);
}

static void who_know_the_same_code_get_the_same_key_each_time_another(
    void **state)
{
    struct meeting first = meeting_of_two(), second = meeting_of_two();

    (void)state;
    meet(&first);
    meet(&second);
    assert_int_equal(first.judged, ERR_OK);
    assert_int_equal(first.finish, ERR_OK);
    assert_memory_equal(first.key_p, first.key_v, SPAKE2PLUS_KEY);
    assert_int_equal(second.finish, ERR_OK);
    assert_memory_not_equal(first.key_v, second.key_v, SPAKE2PLUS_KEY);
}

static void assert_no_key(struct meeting *m)
{
    static const unsigned char none[SPAKE2PLUS_KEY];

    meet(m);
    assert_int_equal(m->start, ERR_OK);
    assert_int_equal(m->judged, ERR_DENIED);
    assert_int_equal(m->finish, ERR_DENIED);
    assert_memory_equal(m->key_p, none, sizeof(none));
    assert_memory_equal(m->key_v, none, sizeof(none));
}

static void another_code_gives_no_key_to_either(void **state)
{
    struct meeting m = meeting_of_two();

    (void)state;
    m.secrets.w0[31] ^= 1;
    assert_no_key(&m);
    m = meeting_of_two();
    m.secrets.w1[31] ^= 1; /* who stole (w0, L) knows w0 */
    assert_no_key(&m);
}

static void other_names_or_another_context_give_no_key(void **state)
{
    static const struct {
        const char *context, *prover, *verifier;
    } table[] = {
        {RFC_CONTEXT "!", RFC_PROVER,     RFC_VERIFIER},
        {RFC_CONTEXT,     "Client",       RFC_VERIFIER},
        {RFC_CONTEXT,     RFC_PROVER,     "serve"     },
        {RFC_CONTEXT,     RFC_VERIFIER,   RFC_PROVER  },
        {RFC_CONTEXT,     RFC_PROVER "s", "erver"     }, /* shifted */
        {"",              RFC_PROVER,     RFC_VERIFIER},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct meeting m = meeting_of_two();

        m.verifier = (struct spake2plus_names){TEXT(table[i].context),
            TEXT(table[i].prover), TEXT(table[i].verifier)};
        assert_no_key(&m);
    }
}

static void a_confirmation_changed_on_the_way_is_denied(void **state)
{
    struct meeting m = meeting_of_two();

    (void)state;
    m.spoil = SPOIL_CONFIRM_P;
    meet(&m);
    assert_int_equal(m.judged, ERR_OK);
    assert_int_equal(m.finish, ERR_DENIED);
    m = meeting_of_two();
    m.spoil = SPOIL_CONFIRM_V;
    assert_no_key(&m);
}

static void a_run_takes_one_confirmation(void **state)
{
    struct hex_bytes right = hex_read(RFC_CONFIRM_P);
    struct span mac = {right.bytes, right.len};
    static const unsigned char zeros[SPAKE2PLUS_CONFIRM];
    unsigned char key[SPAKE2PLUS_KEY];
    struct spake2plus *run = rfc_run();

    (void)state;
    mac.len--;
    assert_int_equal(spake2plus_finish(run, mac, key), ERR_DENIED);
    mac.len++;
    assert_int_equal(spake2plus_finish(run, mac, key), ERR_DENIED);
    spake2plus_free(run);
    run = rfc_run();
    assert_int_equal(spake2plus_finish(run, mac, key), ERR_OK);
    assert_int_equal(spake2plus_finish(run, mac, key), ERR_DENIED);
    /* What is wiped expects nothing, also not zeros. */
    assert_int_equal(
        spake2plus_finish(run, (struct span){zeros, sizeof(zeros)}, key),
        ERR_DENIED);
    spake2plus_free(run);
}

static void a_prover_judges_one_answer(void **state)
{
    struct spake2plus_prover *run = rfc_prover();
    struct hex_bytes share = hex_read(RFC_SHARE_V);
    struct hex_bytes confirm_v = hex_read(RFC_CONFIRM_V);
    struct spake2plus_answer answer = {
        {share.bytes,     share.len        },
        {confirm_v.bytes, confirm_v.len - 1}
    };
    unsigned char confirm[SPAKE2PLUS_CONFIRM], key[SPAKE2PLUS_KEY];

    (void)state;
    assert_int_equal(
        spake2plus_prover_finish(run, &rfc_names, &answer, confirm, key),
        ERR_DENIED);
    answer.confirm.len++;
    assert_int_equal(
        spake2plus_prover_finish(run, &rfc_names, &answer, confirm, key),
        ERR_DENIED);
    spake2plus_prover_free(run);
}

/* --- what an enemy sends ------------------------------------------------- */

#define FIELD_P                                                                \
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
/* Coordinates of a point on another curve, as an invalid-curve attack sends. */
#define FIVE "0000000000000000000000000000000000000000000000000000000000000005"
#define ONE  "0000000000000000000000000000000000000000000000000000000000000001"

static void a_share_that_is_no_point_of_the_curve_is_refused(void **state)
{
    static const char *const table[] = {
        "",
        "00",                 /* infinity */
        "00" ZEROS ZEROS,     /* infinity, padded */
        "04" ZEROS ZEROS,     /* not on the curve */
        "04" FIVE ONE,        /* nor this */
        "04" FIELD_P FIELD_P, /* coordinates not reduced */
        "02" ZEROS,           /* compressed */
        "06" ZEROS ZEROS,     /* hybrid */
        RFC_SHARE_P "00",     /* too long */
        "04" ZEROS,           /* too short */
        "02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f",
    };
    struct spake2plus_record record = rfc_record();

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct hex_bytes v = hex_read(table[i]);
        struct spake2plus_prover *prover = rfc_prover();
        const struct spake2plus_answer answer = {
            {v.bytes, v.len},
            {v.bytes, 32   }
        };
        unsigned char confirm[SPAKE2PLUS_CONFIRM], key[SPAKE2PLUS_KEY];
        struct spake2plus *run = NULL;

        assert_int_equal(spake2plus_start(&record, &rfc_names,
                             (struct span){v.bytes, v.len}, &run),
            ERR_INVALID);
        assert_null(run);
        assert_int_equal(
            spake2plus_prover_finish(prover, &rfc_names, &answer, confirm, key),
            ERR_INVALID);
        spake2plus_prover_free(prover);
    }
    /* Twin: one bit is enough. */
    for (size_t bit = 8; bit < 8UL * P256_POINT; bit += 37) {
        struct hex_bytes v = hex_read(RFC_SHARE_P);
        struct spake2plus *run = NULL;

        v.bytes[bit / 8] ^= (unsigned char)(1U << bit % 8);
        assert_int_equal(spake2plus_start(&record, &rfc_names,
                             (struct span){v.bytes, v.len}, &run),
            ERR_INVALID);
    }
}

/* Z would be the point at infinity, whatever y is. */
static void a_share_that_is_nothing_but_the_mask_is_refused(void **state)
{
    struct spake2plus_record record = rfc_record();
    unsigned char mask[P256_POINT];
    struct spake2plus *run = NULL;

    (void)state;
    assert_int_equal(p256_multiply(record.w0, spake2plus_m, mask), ERR_OK);
    assert_int_equal(spake2plus_start(&record, &rfc_names,
                         (struct span){mask, sizeof(mask)}, &run),
        ERR_INVALID);
    assert_null(run);
}

static void a_record_that_is_none_starts_nothing(void **state)
{
    struct hex_bytes share = hex_read(RFC_SHARE_P);
    struct spake2plus_record record = rfc_record();
    struct spake2plus *run = NULL;

    (void)state;
    record.l[64] ^= 1;
    assert_int_equal(spake2plus_start(&record, &rfc_names,
                         (struct span){share.bytes, share.len}, &run),
        ERR_INVALID);
    record = rfc_record();
    memset(record.w0, 0, sizeof(record.w0));
    assert_int_equal(spake2plus_start(&record, &rfc_names,
                         (struct span){share.bytes, share.len}, &run),
        ERR_INVALID);
    assert_null(run);
}

/* --- what is left in memory ---------------------------------------------- */

static struct needle needle_hex(const char *hex)
{
    struct hex_bytes v = hex_read(hex);
    struct needle n = {.len = 32};

    for (size_t i = 0; i < n.len; i++)
        n.masked[i] = v.bytes[v.len - n.len + i] ^ NEEDLE_MASK;
    memset(&v, 0, sizeof(v));
    return n;
}

static void nothing_secret_stays_in_memory(void **state)
{
    static const char *const secrets[] = {
        RFC_Z, RFC_V, RFC_K_MAIN, RFC_K_CONFIRM_P, RFC_K_SHARED};
    struct needle needles[COUNT(secrets)];
    struct spake2plus *run;

    (void)state;
    for (size_t i = 0; i < COUNT(secrets); i++)
        needles[i] = needle_hex(secrets[i]);
    run = rfc_run();
    for (size_t i = 0; i < COUNT(secrets); i++)
        assert_int_equal(scan_memory(&needles[i]) > 0, true); /* it can see */
    spake2plus_free(run);
    for (size_t i = 0; i < COUNT(secrets); i++)
        assert_int_equal(scan_memory(&needles[i]), 0);
    spake2plus_free(NULL);
    spake2plus_prover_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_verifier_makes_every_published_value),
        cmocka_unit_test(the_prover_makes_every_published_value),
        cmocka_unit_test(L_is_w1_times_the_base_point),
        cmocka_unit_test(
            who_know_the_same_code_get_the_same_key_each_time_another),
        cmocka_unit_test(another_code_gives_no_key_to_either),
        cmocka_unit_test(other_names_or_another_context_give_no_key),
        cmocka_unit_test(a_confirmation_changed_on_the_way_is_denied),
        cmocka_unit_test(a_run_takes_one_confirmation),
        cmocka_unit_test(a_prover_judges_one_answer),
        cmocka_unit_test(a_share_that_is_no_point_of_the_curve_is_refused),
        cmocka_unit_test(a_share_that_is_nothing_but_the_mask_is_refused),
        cmocka_unit_test(a_record_that_is_none_starts_nothing),
        cmocka_unit_test(nothing_secret_stays_in_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
