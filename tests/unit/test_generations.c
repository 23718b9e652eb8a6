/* Operational identities on the disk: whole or not there. */

#include <sys/stat.h>

#include "cmocka_all.h"
#include "core/file.h"
#include "folder.h"
#include "identity/generations.h"

struct scene {
    struct folder top;
    char folder[450];
    struct generations *g;
};

static void open_again(struct scene *s, const char *home)
{
    generations_close(s->g);
    assert_int_equal(generations_open(s->folder, home, &s->g), ERR_OK);
}

static struct scene begin(void)
{
    struct scene s = {.g = NULL};

    assert_int_equal(folder_make(&s.top), 0);
    (void)snprintf(s.folder, sizeof(s.folder), "%s/e", s.top.path);
    open_again(&s, "file");
    return s;
}

static void end(struct scene *s)
{
    char command[600];

    generations_close(s->g);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", s->top.path);
    assert_int_equal(system(command), 0);
}

static bool is_there(const struct scene *s, const char *name)
{
    char path[600];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", s->folder, name);
    return stat(path, &st) == 0;
}

static void a_new_folder_has_none(void **state)
{
    struct scene s = begin();

    (void)state;
    assert_int_equal(generations_current(s.g), 0);
    assert_int_equal(generations_previous(s.g), 0);
    assert_string_equal(generations_old_id(s.g), "");
    end(&s);
}

static void numbers_grow_and_what_was_not_committed_goes(void **state)
{
    struct scene s = begin();
    unsigned n;

    (void)state;
    assert_int_equal(generations_begin(s.g, &n), ERR_OK);
    assert_int_equal(n, 1);
    assert_true(is_there(&s, "g1"));
    assert_int_equal(generations_begin(s.g, &n), ERR_OK);
    assert_int_equal(n, 2);
    open_again(&s, "file"); /* as after a power cut */
    assert_false(is_there(&s, "g1"));
    assert_false(is_there(&s, "g2"));
    end(&s);
}

static void current_and_the_one_before_stay_and_older_ones_go(void **state)
{
    static const char id[] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    struct scene s = begin();
    unsigned n;

    (void)state;
    for (unsigned i = 1; i <= 3; i++) {
        assert_int_equal(generations_begin(s.g, &n), ERR_OK);
        assert_int_equal(generations_commit(s.g, n, i == 3 ? id : ""), ERR_OK);
    }
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(generations_current(s.g), 3);
        assert_int_equal(generations_previous(s.g), 2);
        assert_string_equal(generations_old_id(s.g), id);
        assert_false(is_there(&s, "g1"));
        assert_true(is_there(&s, "g2"));
        generations_drop(s.g, 2);
        generations_drop(s.g, 3);
        assert_true(is_there(&s, "g2") && is_there(&s, "g3"));
        open_again(&s, "file");
    }
    end(&s);
}

static void a_look_changes_nothing(void **state)
{
    struct scene s = begin();
    struct generations *seen = NULL;
    unsigned first, half_made;
    char path[600];

    (void)state;
    assert_int_equal(generations_look(s.folder, "file", &seen), ERR_NOT_FOUND);
    assert_int_equal(generations_begin(s.g, &first), ERR_OK);
    assert_int_equal(generations_commit(s.g, first, ""), ERR_OK);
    assert_int_equal(generations_begin(s.g, &half_made), ERR_OK);
    assert_int_equal(generations_look(s.folder, "file", &seen), ERR_OK);
    assert_int_equal(generations_current(seen), first);
    generations_close(seen);
    seen = NULL;
    assert_true(is_there(&s, "g2"));
    open_again(&s, "file"); /* the twin: this tidies up */
    assert_false(is_there(&s, "g2"));
    (void)snprintf(path, sizeof(path), "%s/current", s.folder);
    assert_int_equal(file_replace(path, "{}", 2), ERR_OK);
    assert_int_equal(generations_look(s.folder, "file", &seen), ERR_INVALID);
    assert_null(seen);
    assert_int_equal(
        generations_look("/nowhere/at/all", "file", &seen), ERR_NOT_FOUND);
    assert_int_equal(file_sync_folder("/nowhere/at/all"), ERR_NOT_FOUND);
    assert_int_equal(file_sync_folder(path), ERR_NOT_FOUND); /* a file */
    end(&s);
}

static void a_damaged_name_is_none(void **state)
{
    static const char *const texts[] = {"", "{", "[]", "{}",
        "{\"generation\":1,\"previous\":0}",
        "{\"generation\":0,\"previous\":0,\"old\":\"\"}",
        "{\"generation\":1.5,\"previous\":0,\"old\":\"\"}",
        "{\"generation\":1,\"previous\":-1,\"old\":\"\"}",
        "{\"generation\":1,\"previous\":0,\"old\":\"UPPER\"}",
        "{\"generation\":1,\"previous\":0,\"old\":\"\"} x"};
    struct scene s = begin();
    char path[600];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/current", s.folder);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(
            file_replace(path, texts[i], strlen(texts[i])), ERR_OK);
        open_again(&s, "file");
        assert_int_equal(generations_current(s.g), 0);
        assert_string_equal(generations_old_id(s.g), "");
    }
    end(&s);
}

static void keys_live_where_the_configuration_says(void **state)
{
    static const struct {
        const char *home, *uri;
    } table[] = {
        {"pkcs11:token=t;object=op?pin-source=/p",
         "pkcs11:token=t;object=op-7?pin-source=/p"                           },
        {"pkcs11:object=op",                          "pkcs11:object=op-7"    },
        {"tpm2:handle=0x81010010;tcti=device:/dev/x",
         "tpm2:handle=0x81010017;tcti=device:/dev/x"                          },
        {"tpm2:handle=0x81010010",                    "tpm2:handle=0x81010017"},
    };
    struct scene s = begin();
    char uri[GENERATIONS_URI], wanted[GENERATIONS_URI];

    (void)state;
    (void)snprintf(wanted, sizeof(wanted), "file:%s/g7/key.pem", s.folder);
    assert_int_equal(generations_key(s.g, 7, uri), ERR_OK);
    assert_string_equal(uri, wanted);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        open_again(&s, table[i].home);
        assert_int_equal(generations_key(s.g, 7, uri), ERR_OK);
        assert_string_equal(uri, table[i].uri);
    }
    open_again(&s, "pkcs11:id=%01");
    assert_int_equal(generations_key(s.g, 7, uri), ERR_INVALID);
    end(&s);
}

static void put_mark(const struct scene *s, unsigned number)
{
    struct generations_mark mark;

    assert_int_equal(generations_mark(s->g, number, &mark), ERR_OK);
    assert_string_not_equal(mark.path, "");
    assert_int_equal(
        file_replace(mark.path, mark.text, strlen(mark.text)), ERR_OK);
}

static void a_key_in_a_token_is_remembered_until_it_is_destroyed(void **state)
{
    static const char home[] = "tpm2:handle=0x81010010;pin-value=4711";
    struct scene s = begin();
    struct generations_mark mark;
    unsigned n;

    (void)state;
    assert_int_equal(generations_mark(s.g, 1, &mark), ERR_OK);
    assert_string_equal(mark.path, ""); /* a file goes with its folder */
    open_again(&s, home);
    for (unsigned i = 1; i <= 4; i++) {
        assert_int_equal(generations_begin(s.g, &n), ERR_OK);
        put_mark(&s, n);
        assert_int_equal(generations_commit(s.g, n, ""), ERR_OK);
    }
    assert_int_equal(generations_begin(s.g, &n), ERR_OK); /* never marked */
    open_again(&s, home);
    assert_false(is_there(&s, "g5"));
    assert_int_equal(generations_spent(s.g), 1);
    generations_forget(s.g, 1);
    assert_int_equal(generations_spent(s.g), 2);
    generations_forget(s.g, 2);
    assert_int_equal(generations_spent(s.g), 0);
    generations_forget(s.g, 3);
    generations_forget(s.g, 4);
    assert_true(is_there(&s, "g3") && is_there(&s, "g4")); /* in use */
    assert_int_equal(generations_begin(s.g, &n), ERR_OK);
    put_mark(&s, n);
    generations_drop(s.g, n); /* the broker did not take it */
    assert_int_equal(generations_spent(s.g), n);
    assert_int_equal(generations_mark(s.g, n, &mark), ERR_OK);
    assert_null(strstr(mark.text, "4711")); /* no PIN on the disk */
    /* Where another token is configured, the key is not looked for in it. */
    open_again(&s, "tpm2:handle=0x81010030");
    assert_int_equal(generations_spent(s.g), 0);
    end(&s);
}

static void a_generation_without_its_files_cannot_be_used(void **state)
{
    struct scene s = begin();
    struct generation *found;
    char why[KEY_WHY] = "";
    unsigned n;

    (void)state;
    assert_int_equal(generations_begin(s.g, &n), ERR_OK);
    assert_int_not_equal(generations_load(s.g, n, why, &found), ERR_OK);
    assert_string_not_equal(why, "");
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_folder_has_none),
        cmocka_unit_test(numbers_grow_and_what_was_not_committed_goes),
        cmocka_unit_test(current_and_the_one_before_stay_and_older_ones_go),
        cmocka_unit_test(a_look_changes_nothing),
        cmocka_unit_test(a_damaged_name_is_none),
        cmocka_unit_test(keys_live_where_the_configuration_says),
        cmocka_unit_test(a_key_in_a_token_is_remembered_until_it_is_destroyed),
        cmocka_unit_test(a_generation_without_its_files_cannot_be_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
