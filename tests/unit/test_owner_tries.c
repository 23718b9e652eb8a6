/* Wrong codes: counted on disk first, and ever longer waits. */

#include "device/owner_tries.h"

#include <sys/stat.h>

#include "cmocka_all.h"
#include "core/log.h"
#include "folder.h"

struct scene {
    struct folder folder;
    char path[500];
    struct owner_tries *tries;
};

static int set_up(void **state)
{
    static struct scene scene;

    scene = (struct scene){.tries = NULL};
    *state = &scene;
    log_set_descriptor(-1);
    if (folder_make(&scene.folder) != 0)
        return 1;
    (void)snprintf(
        scene.path, sizeof(scene.path), "%s/tries", scene.folder.path);
    return owner_tries_open(scene.path, 0, &scene.tries) != ERR_OK;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    owner_tries_close(s->tries);
    folder_remove(&s->folder);
    return 0;
}

static void reopen(struct scene *s, int64_t now_ms)
{
    owner_tries_close(s->tries);
    assert_int_equal(owner_tries_open(s->path, now_ms, &s->tries), ERR_OK);
}

static void the_tenth_try_locks_and_each_further_one_doubles_the_wait(
    void **state)
{
    struct scene *s = *state;
    int64_t now_ms = 0, wait_ms = OWNER_TRIES_FIRST;

    for (int i = 1; i < OWNER_TRIES_FREE; i++) {
        assert_int_equal(owner_tries_count(s->tries, now_ms), ERR_OK);
        assert_int_equal(owner_tries_wait_ms(s->tries, now_ms), 0);
    }
    for (int i = 0; i < 14; i++) {
        assert_int_equal(owner_tries_count(s->tries, now_ms), ERR_OK);
        assert_int_equal(owner_tries_wait_ms(s->tries, now_ms), wait_ms);
        assert_int_equal(
            owner_tries_wait_ms(s->tries, now_ms + wait_ms - 1), 1);
        now_ms += wait_ms;
        assert_int_equal(owner_tries_wait_ms(s->tries, now_ms), 0);
        wait_ms =
            wait_ms * 2 < OWNER_TRIES_LAST ? wait_ms * 2 : OWNER_TRIES_LAST;
    }
    assert_int_equal(wait_ms, OWNER_TRIES_LAST);
}

static void a_restart_forgets_no_try_and_begins_the_wait_anew(void **state)
{
    struct scene *s = *state;

    for (int i = 0; i < 11; i++) {
        assert_int_equal(owner_tries_count(s->tries, 0), ERR_OK);
        reopen(s, 1000);
        assert_int_equal(owner_tries_number(s->tries), i + 1);
    }
    assert_int_equal(
        owner_tries_wait_ms(s->tries, 1000), 2 * OWNER_TRIES_FIRST);
}

static void a_right_code_forgives_all(void **state)
{
    struct scene *s = *state;

    for (int i = 0; i < 12; i++)
        assert_int_equal(owner_tries_count(s->tries, 0), ERR_OK);
    owner_tries_forgive(s->tries);
    assert_int_equal(owner_tries_wait_ms(s->tries, 0), 0);
    reopen(s, 0);
    assert_int_equal(owner_tries_number(s->tries), 0);
}

static void a_try_that_cannot_be_counted_is_none(void **state)
{
    struct scene *s = *state;

    assert_int_equal(owner_tries_count(s->tries, 0), ERR_OK);
    folder_block(&s->folder);
    assert_int_not_equal(owner_tries_count(s->tries, 0), ERR_OK);
    assert_int_equal(owner_tries_number(s->tries), 1);
    owner_tries_forgive(s->tries);
    assert_int_equal(owner_tries_number(s->tries), 0);
}

static void a_folder_that_was_missing_is_made(void **state)
{
    struct scene *s = *state;

    folder_remove(&s->folder);
    assert_int_equal(owner_tries_count(s->tries, 0), ERR_OK);
    reopen(s, 0);
    assert_int_equal(owner_tries_number(s->tries), 1);
}

static void what_cannot_be_understood_locks(void **state)
{
    static const char *const texts[] = {"", "tries", "tries \n", "tries -1\n",
        "tries 0x\n", "tries 3", "tries 3\n\n", "tries 03\n",
        "tries 99999999999999999999\n", "tries 1000001\n", "3\n"};
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        FILE *file = fopen(s->path, "w");

        assert_non_null(file);
        assert_true(fputs(texts[i], file) >= 0);
        assert_int_equal(fclose(file), 0);
        reopen(s, 5);
        if (owner_tries_wait_ms(s->tries, 5) != OWNER_TRIES_FIRST)
            fail_msg("taken: %s", texts[i]);
    }
    assert_int_equal(unlink(s->path), 0);
    assert_int_equal(mkdir(s->path, 0700), 0);
    reopen(s, 5);
    assert_int_equal(owner_tries_wait_ms(s->tries, 5), OWNER_TRIES_FIRST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_tenth_try_locks_and_each_further_one_doubles_the_wait),
        TEST(a_restart_forgets_no_try_and_begins_the_wait_anew),
        TEST(a_right_code_forgives_all),
        TEST(a_try_that_cannot_be_counted_is_none),
        TEST(a_folder_that_was_missing_is_made),
        TEST(what_cannot_be_understood_locks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
