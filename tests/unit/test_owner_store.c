/* What is kept of ownership, and what must go with it, over power cuts and
 * damage. */

#include "device/owner_store.h"

#include <sys/stat.h>

#include "core/log.h"
#include "folder.h"
#include "person.h"

#define PEOPLE(...) ((const struct person *const[]){__VA_ARGS__, NULL})

struct scene {
    struct folder folder;
    struct owner_store *store;
    struct person ann, ben;
    struct claim_verifier verifier;
    char factory[500];
};

static void path_of(const struct scene *s, const char *name, char path[500])
{
    (void)snprintf(path, 500, "%s/%s", s->folder.path, name);
}

static void write_file(
    const struct scene *s, const char *name, const char *text)
{
    char path[500];
    FILE *file;

    path_of(s, name, path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static bool is_there(const struct scene *s, const char *name)
{
    char path[500];

    path_of(s, name, path);
    return access(path, F_OK) == 0;
}

static enum err open_with(struct scene *s, const char *verifier)
{
    owner_store_close(s->store);
    s->store = NULL;
    return owner_store_open(s->folder.path, verifier, &s->store);
}

static int set_up(void **state)
{
    static struct scene scene;
    char text[CLAIM_VERIFIER_TEXT_SIZE];

    log_set_descriptor(-1);
    memset(&scene, 0, sizeof(scene));
    scene.verifier.iterations = 1;
    *state = &scene;
    person_make(&scene.ann);
    person_make(&scene.ben);
    if (folder_make(&scene.folder) != 0 ||
        claim_verifier_make(&scene.verifier, "6688575884", "t") != ERR_OK)
        return 1;
    claim_verifier_print(&scene.verifier, text);
    write_file(&scene, "factory", text);
    path_of(&scene, "factory", scene.factory);
    return open_with(&scene, scene.factory) != ERR_OK;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    owner_store_close(s->store);
    folder_remove(&s->folder);
    return 0;
}

static struct record *make(const struct scene *s, const char *act, int epoch)
{
    char owner[500], text[2000];
    struct person_record r = {
        .act = act, .epoch = epoch, .before = owner_store_record(s->store)};
    struct json *envelope;
    struct record *out = NULL;
    const char *why = "";

    if (strcmp(act, "release") != 0)
        r.owner = person_owner("Ann", PEOPLE(&s->ann), owner, sizeof(owner));
    person_write(&r, text, sizeof(text));
    envelope = person_envelope(text, PEOPLE(&s->ann));
    if (record_read(envelope, &why, &out) != ERR_OK)
        fail_msg("%s", why);
    json_free(envelope);
    return out;
}

static void put(struct scene *s, const char *act, int epoch)
{
    assert_int_equal(owner_store_put(s->store, make(s, act, epoch)), ERR_OK);
}

static void a_record_outlives_a_restart(void **state)
{
    struct scene *s = *state;

    assert_null(owner_store_record(s->store));
    assert_int_equal(owner_store_epoch(s->store), 0);
    put(s, "claim", 1);
    assert_int_equal(open_with(s, NULL), ERR_OK);
    assert_int_equal(owner_store_epoch(s->store), 1);
    assert_int_equal(
        record_role(owner_store_record(s->store), s->ann.key), RECORD_OWNER);
    assert_false(owner_store_must_wipe(s->store));
}

static void a_release_calls_for_a_wipe_until_it_was_done(void **state)
{
    struct scene *s = *state;

    put(s, "claim", 1);
    put(s, "release", 2);
    assert_true(owner_store_must_wipe(s->store));
    assert_int_equal(open_with(s, NULL), ERR_OK);
    assert_true(owner_store_must_wipe(s->store));
    owner_store_wiped(s->store);
    assert_int_equal(open_with(s, NULL), ERR_OK);
    assert_false(owner_store_must_wipe(s->store));
}

static void a_note_whose_record_never_came_wipes_nothing(void **state)
{
    struct scene *s = *state;

    put(s, "claim", 1);
    write_file(s, "wipe", "2\n");
    assert_int_equal(open_with(s, NULL), ERR_OK);
    assert_false(owner_store_must_wipe(s->store));
    assert_false(is_there(s, "wipe"));
}

static void a_note_without_its_record_does_not_outlive_the_next_record(
    void **state)
{
    struct scene *s = *state;

    put(s, "claim", 1);
    write_file(s, "wipe", "2\n"); /* as a release leaves that fails */
    put(s, "share", 2);
    assert_int_equal(open_with(s, NULL), ERR_OK);
    assert_false(owner_store_must_wipe(s->store));
}

static void a_damaged_record_is_nobodys_to_claim_and_its_epoch_is_known(
    void **state)
{
    static const char *const texts[] = {
        "", "{", "{}", "[1]", "{\"record\":\"e30\",\"signatures\":[]}"};
    struct scene *s = *state;

    put(s, "claim", 1);
    put(s, "share", 2);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_file(s, "record", texts[i]);
        assert_int_equal(open_with(s, NULL), ERR_OK);
        assert_true(owner_store_is_damaged(s->store));
        assert_null(owner_store_record(s->store));
        assert_int_equal(owner_store_epoch(s->store), 2);
    }
    put(s, "claim", 3);
    assert_false(owner_store_is_damaged(s->store));
}

static void a_disk_that_refuses_leaves_the_old_record(void **state)
{
    struct scene *s = *state;
    struct record *next;

    put(s, "claim", 1);
    next = make(s, "release", 2);
    folder_block(&s->folder);
    assert_int_not_equal(owner_store_put(s->store, next), ERR_OK);
    record_free(next);
    assert_int_equal(owner_store_epoch(s->store), 1);
    assert_false(owner_store_must_wipe(s->store));
    assert_true(record_is_owned(owner_store_record(s->store)));
}

static void a_pairing_is_the_newest_and_goes_with_its_role(void **state)
{
    struct scene *s = *state;
    unsigned char one[BOX_KEY] = {1}, two[BOX_KEY] = {2};

    put(s, "claim", 1);
    assert_int_equal(owner_store_pair(s->store, s->ann.key, one), ERR_OK);
    assert_int_equal(owner_store_pair(s->store, s->ann.key, two), ERR_OK);
    assert_int_equal(owner_store_pair(s->store, s->ben.key, one), ERR_OK);
    assert_int_equal(open_with(s, NULL), ERR_OK);
    assert_memory_equal(
        owner_store_psk(s->store, s->ann.key), two, sizeof(two));
    assert_non_null(owner_store_psk(s->store, s->ben.key));
    put(s, "share", 2); /* which does not name Ben */
    assert_null(owner_store_psk(s->store, s->ben.key));
    assert_int_equal(open_with(s, NULL), ERR_OK);
    assert_null(owner_store_psk(s->store, s->ben.key));
    assert_non_null(owner_store_psk(s->store, s->ann.key));
    assert_int_equal(owner_store_unpair(s->store), ERR_OK);
    assert_null(owner_store_psk(s->store, s->ann.key));
    assert_false(is_there(s, "pairings"));
}

static void damaged_pairings_are_none(void **state)
{
    static const char *const texts[] = {
        "", "[]", "{\"AAAA\":\"AAAA\"}", "{\"x\":1}", "{"};
    struct scene *s = *state;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_file(s, "pairings", texts[i]);
        assert_int_equal(open_with(s, NULL), ERR_OK);
        assert_null(owner_store_psk(s->store, s->ann.key));
    }
}

static void a_new_code_takes_the_labels_place_until_it_is_dropped(void **state)
{
    struct scene *s = *state;
    struct claim_verifier own = s->verifier;

    own.salt[0] ^= 1;
    assert_false(owner_store_has_own_verifier(s->store));
    assert_int_equal(owner_store_set_verifier(s->store, &own), ERR_OK);
    assert_int_equal(open_with(s, s->factory), ERR_OK);
    assert_true(owner_store_has_own_verifier(s->store));
    assert_memory_equal(
        owner_store_verifier(s->store)->salt, own.salt, SPAKE2PLUS_SALT);
    assert_int_equal(owner_store_set_verifier(s->store, NULL), ERR_OK);
    assert_memory_equal(owner_store_verifier(s->store)->salt, s->verifier.salt,
        SPAKE2PLUS_SALT);
    assert_int_equal(open_with(s, s->factory), ERR_OK);
    assert_false(owner_store_has_own_verifier(s->store));
    assert_int_equal(open_with(s, NULL), ERR_OK);
    assert_null(owner_store_verifier(s->store));
}

static void a_damaged_new_code_does_not_bring_the_labels_back(void **state)
{
    struct scene *s = *state;

    write_file(s, "verifier", "nameplate claim verifier 1\nw0 ");
    assert_int_equal(open_with(s, s->factory), ERR_OK);
    assert_null(owner_store_verifier(s->store));
}

static void a_factorys_file_that_is_none_is_told(void **state)
{
    struct scene *s = *state;

    write_file(s, "factory", "w0 1\n");
    assert_int_equal(open_with(s, s->factory), ERR_INVALID);
    assert_int_equal(open_with(s, "/nowhere"), ERR_NOT_FOUND);
    assert_int_equal(open_with(s, NULL), ERR_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_outlives_a_restart),
        TEST(a_release_calls_for_a_wipe_until_it_was_done),
        TEST(a_note_whose_record_never_came_wipes_nothing),
        TEST(a_note_without_its_record_does_not_outlive_the_next_record),
        TEST(a_damaged_record_is_nobodys_to_claim_and_its_epoch_is_known),
        TEST(a_disk_that_refuses_leaves_the_old_record),
        TEST(a_pairing_is_the_newest_and_goes_with_its_role),
        TEST(damaged_pairings_are_none),
        TEST(a_new_code_takes_the_labels_place_until_it_is_dropped),
        TEST(a_damaged_new_code_does_not_bring_the_labels_back),
        TEST(a_factorys_file_that_is_none_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
