/* What cloudd/password and cloudd/secret promise. */

#include <string.h>

#include "cloudd/password.h"
#include "cloudd/secret.h"
#include "cmocka_all.h"

#define FEW 100 /* rounds: tests need not be slow */

struct world {
    struct loop *loop;
    struct password_check *check;
    int answers;
    bool right;
    struct loop_timer *beat;
    int beats;
};

static int set_up(void **state)
{
    static struct world world;

    world = (struct world){.loop = loop_new()};
    *state = &world;
    return world.loop == NULL;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    password_check_cancel(w->check);
    loop_timer_cancel(w->beat);
    loop_free(w->loop);
    return 0;
}

static void on_answer(void *context, bool right)
{
    struct world *w = context;

    w->check = NULL;
    w->answers++;
    w->right = right;
    loop_stop(w->loop);
}

static bool is_right(struct world *w, const char *password, const char *hash)
{
    w->answers = 0;
    w->check = password_check_start(w->loop, password, hash, on_answer, w);
    assert_non_null(w->check);
    assert_int_equal(w->answers, 0);
    loop_run(w->loop);
    assert_int_equal(w->answers, 1);
    return w->right;
}

/* RFC 7914, section 11: the first 32 bytes of its two vectors. */
static void pbkdf2_gives_the_published_values(void **state)
{
    static const unsigned char one[32] = {0x55, 0xac, 0x04, 0x6e, 0x56, 0xe3,
        0x08, 0x9f, 0xec, 0x16, 0x91, 0xc2, 0x25, 0x44, 0xb6, 0x05, 0xf9, 0x41,
        0x85, 0x21, 0x6d, 0xde, 0x04, 0x65, 0xe6, 0x8b, 0x9d, 0x57, 0xc2, 0x0d,
        0xac, 0xbc};
    static const unsigned char many[32] = {0x4d, 0xdc, 0xd8, 0xf6, 0x0b, 0x98,
        0xbe, 0x21, 0x83, 0x0c, 0xee, 0x5e, 0xf2, 0x27, 0x01, 0xf9, 0x64, 0x1a,
        0x44, 0x18, 0xd0, 0x4c, 0x04, 0x14, 0xae, 0xff, 0x08, 0x87, 0x6b, 0x34,
        0xab, 0x56};
    unsigned char out[32];

    (void)state;
    assert_int_equal(password_pbkdf2("passwd", "salt", 4, 1, out), ERR_OK);
    assert_memory_equal(out, one, 32);
    assert_int_equal(
        password_pbkdf2("Password", "NaCl", 4, 80000, out), ERR_OK);
    assert_memory_equal(out, many, 32);
}

static void only_the_right_password_fits_its_hash(void **state)
{
    struct world *w = *state;
    char hash[PASSWORD_HASH_SIZE];

    assert_int_equal(password_hash("correct horse", FEW, hash), ERR_OK);
    assert_true(is_right(w, "correct horse", hash));
    assert_false(is_right(w, "correct horsf", hash));
    assert_false(is_right(w, "correct hors", hash));
    assert_false(is_right(w, "", hash));
}

static void a_password_longer_than_a_hash_block_counts_to_its_end(void **state)
{
    struct world *w = *state;
    char hash[PASSWORD_HASH_SIZE], password[101];

    memset(password, 'x', 100);
    password[100] = '\0';
    assert_int_equal(password_hash(password, FEW, hash), ERR_OK);
    assert_true(is_right(w, password, hash));
    password[99] = 'y';
    assert_false(is_right(w, password, hash));
}

static void the_same_password_never_has_the_same_hash(void **state)
{
    char a[PASSWORD_HASH_SIZE], b[PASSWORD_HASH_SIZE];

    (void)state;
    assert_int_equal(password_hash("same", FEW, a), ERR_OK);
    assert_int_equal(password_hash("same", FEW, b), ERR_OK);
    assert_string_not_equal(a, b);
}

static void an_empty_or_endless_password_is_refused(void **state)
{
    char hash[PASSWORD_HASH_SIZE], endless[PASSWORD_MOST + 2];

    (void)state;
    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_int_equal(password_hash("", FEW, hash), ERR_INVALID);
    assert_int_equal(password_hash(endless, FEW, hash), ERR_INVALID);
}

static void an_endless_password_is_checked_and_wrong(void **state)
{
    char endless[PASSWORD_MOST + 2], hash[PASSWORD_HASH_SIZE];

    memset(endless, 'x', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_int_equal(password_hash("x", FEW, hash), ERR_OK);
    assert_false(is_right(*state, endless, hash));
}

static void a_missing_or_malformed_hash_is_never_right(void **state)
{
    struct world *w = *state;

    assert_false(is_right(w, "", NULL));
    assert_false(is_right(w, "", "plain"));
    assert_false(is_right(w, "", "pbkdf2-sha256$1$00$00"));
    assert_false(is_right(w, "", "pbkdf2-sha256$99999999$00$00"));
}

static void on_beat(void *context)
{
    struct world *w = context;

    w->beats++;
    w->beat = loop_timer_start(w->loop, 1, on_beat, w);
}

static void the_loop_goes_on_while_a_password_is_checked(void **state)
{
    struct world *w = *state;

    w->beat = loop_timer_start(w->loop, 1, on_beat, w);
    (void)is_right(w, "anything", NULL);
    assert_true(w->beats > 20);
}

static void a_cancelled_check_never_answers(void **state)
{
    struct world *w = *state;

    w->check = password_check_start(w->loop, "x", NULL, on_answer, w);
    assert_non_null(w->check);
    password_check_cancel(w->check);
    w->check = NULL;
    w->beat =
        loop_timer_start(w->loop, 20, (loop_callback *)loop_stop, w->loop);
    loop_run(w->loop);
    w->beat = NULL;
    assert_int_equal(w->answers, 0);
}

static void tokens_are_long_and_never_alike(void **state)
{
    char a[SECRET_SIZE], b[SECRET_SIZE];

    (void)state;
    assert_int_equal(secret_new(a), ERR_OK);
    assert_int_equal(secret_new(b), ERR_OK);
    assert_int_equal(strlen(a), 64);
    assert_string_not_equal(a, b);
}

/* sha256("session:abc") */
static void a_digest_is_sha_256_of_purpose_and_token(void **state)
{
    char digest[SECRET_SIZE], other[SECRET_SIZE];

    (void)state;
    assert_int_equal(secret_digest("session", "abc", digest), ERR_OK);
    assert_string_equal(digest,
        "a29d803b477eb42083ebd25596356c45"
        "c98474d5c0dacb79829833ca2176e85b");
    assert_int_equal(secret_digest("csrf", "abc", other), ERR_OK);
    assert_string_not_equal(digest, other);
}

static void only_the_same_text_is_equal(void **state)
{
    (void)state;
    assert_true(secret_equal("", ""));
    assert_true(secret_equal("abc", "abc"));
    assert_false(secret_equal("abc", "abd"));
    assert_false(secret_equal("abc", "ab"));
    assert_false(secret_equal("ab", "abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pbkdf2_gives_the_published_values),
        cmocka_unit_test_setup_teardown(
            only_the_right_password_fits_its_hash, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_password_longer_than_a_hash_block_counts_to_its_end, set_up,
            tear_down),
        cmocka_unit_test(the_same_password_never_has_the_same_hash),
        cmocka_unit_test(an_empty_or_endless_password_is_refused),
        cmocka_unit_test_setup_teardown(
            an_endless_password_is_checked_and_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_missing_or_malformed_hash_is_never_right, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            the_loop_goes_on_while_a_password_is_checked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_cancelled_check_never_answers, set_up, tear_down),
        cmocka_unit_test(tokens_are_long_and_never_alike),
        cmocka_unit_test(a_digest_is_sha_256_of_purpose_and_token),
        cmocka_unit_test(only_the_same_text_is_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
