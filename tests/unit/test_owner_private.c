/* Private settings: merged, bounded, kept on disk, told to who watches. */

#include "device/owner_private.h"

#include <sys/stat.h>

#include "cmocka_all.h"
#include "core/log.h"
#include "folder.h"
#include "loop_wait.h"

#define TD                                                                     \
    "{\"properties\":{\"pin\":{\"nameplate:private\":true},"                   \
    "\"name\":{\"nameplate:private\":true},"                                   \
    "\"open\":{\"nameplate:private\":false},\"temp\":{}}}"

struct scene {
    struct folder folder;
    char path[500];
    struct loop *loop;
    struct owner_private *private;
    char wished[300], reported[300];
    int calls;
};

static struct json *parse(const char *text)
{
    struct json *value = NULL;

    if (json_parse(text, strlen(text), (struct json_limits){100000, 20},
            &value) != ERR_OK)
        fail_msg("malformed: %s", text);
    return value;
}

static void keep(char out[300], const struct json *value)
{
    char *text = json_print(value);

    (void)snprintf(out, 300, "%s", text);
    free(text);
}

static void on_wished(void *context, const struct json *state, int64_t version)
{
    struct scene *s = context;

    (void)version;
    s->calls++;
    keep(s->wished, state);
}

static void on_reported(void *context, const struct json *state)
{
    keep(((struct scene *)context)->reported, state);
}

static void open_again(struct scene *s)
{
    struct json *td = parse(TD);

    owner_private_free(s->private);
    assert_int_equal(
        owner_private_new(s->loop, td, s->path, &s->private), ERR_OK);
    owner_private_on_report(s->private, on_reported, s);
    json_free(td);
}

static int set_up(void **state)
{
    static struct scene scene;

    log_set_descriptor(-1);
    scene = (struct scene){.loop = loop_new()};
    *state = &scene;
    if (folder_make(&scene.folder) != 0)
        return 1;
    (void)snprintf(
        scene.path, sizeof(scene.path), "%s/private", scene.folder.path);
    open_again(&scene);
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    owner_private_free(s->private);
    loop_free(s->loop);
    folder_remove(&s->folder);
    return 0;
}

static enum err set(struct scene *s, const char *text)
{
    struct json *patch = parse(text);
    enum err e = owner_private_set(s->private, patch);

    json_free(patch);
    return e;
}

static enum err report(struct scene *s, const char *text)
{
    struct json *patch = parse(text);
    enum err e = owner_private_report(s->private, patch);

    json_free(patch);
    return e;
}

static void expect_state(struct scene *s, const char *text)
{
    struct json *value = owner_private_state(s->private);
    char found[300];

    keep(found, value);
    json_free(value);
    assert_string_equal(found, text);
}

static void the_thing_description_says_what_is_private(void **state)
{
    struct scene *s = *state;

    assert_true(owner_private_is_one(s->private, "pin"));
    assert_false(owner_private_is_one(s->private, "open"));
    assert_false(owner_private_is_one(s->private, "temp"));
    assert_int_equal(set(s, "{\"temp\":1}"), ERR_INVALID);
    assert_int_equal(set(s, "{\"pin\":1,\"open\":1}"), ERR_INVALID);
    expect_state(s, "{\"desired\":{},\"reported\":{}}");
}

static void wishes_and_reports_are_merged_and_outlive_a_restart(void **state)
{
    struct scene *s = *state;

    assert_int_equal(set(s, "{\"pin\":\"1\",\"name\":{\"a\":1}}"), ERR_OK);
    assert_int_equal(set(s, "{\"pin\":null,\"name\":{\"b\":2}}"), ERR_OK);
    assert_int_equal(report(s, "{\"pin\":\"0\"}"), ERR_OK);
    open_again(s);
    expect_state(s,
        "{\"desired\":{\"name\":{\"a\":1,\"b\":2}},"
        "\"reported\":{\"pin\":\"0\"}}");
}

static void who_watches_hears_what_differs(void **state)
{
    struct scene *s = *state;

    assert_int_equal(set(s, "{\"pin\":\"1\"}"), ERR_OK);
    assert_int_equal(owner_private_watch(s->private, on_wished, s), ERR_OK);
    assert_int_equal(s->calls, 0);
    loop_wait(s->loop, 10);
    assert_string_equal(s->wished, "{\"pin\":\"1\"}");
    assert_int_equal(report(s, "{\"pin\":\"1\"}"), ERR_OK);
    loop_wait(s->loop, 10);
    assert_string_equal(s->wished, "{}");
    assert_string_equal(s->reported, "{\"pin\":\"1\"}");
    assert_int_equal(s->calls, 2);
    assert_int_equal(report(s, "{\"pin\":\"1\"}"), ERR_OK); /* nothing new */
    owner_private_unwatch(s->private, s);
    assert_int_equal(set(s, "{\"pin\":\"2\"}"), ERR_OK);
    loop_wait(s->loop, 10);
    assert_int_equal(s->calls, 2);
}

static void what_does_not_fit_is_refused_and_changes_nothing(void **state)
{
    struct scene *s = *state;
    static char large[OWNER_PRIVATE_BYTES + 100];

    (void)snprintf(
        large, sizeof(large), "{\"pin\":\"%0*d\"}", OWNER_PRIVATE_BYTES, 1);
    assert_int_equal(set(s, large), ERR_TOO_BIG);
    assert_int_equal(set(s, "[]"), ERR_INVALID);
    assert_int_equal(owner_private_set(s->private, NULL), ERR_INVALID);
    assert_int_equal(set(s, "{\"pin\":[null]}"), ERR_INVALID);
    assert_int_equal(
        set(s, "{\"pin\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}"), ERR_INVALID);
    folder_block(&s->folder);
    assert_int_not_equal(set(s, "{\"pin\":1}"), ERR_OK);
    assert_int_not_equal(report(s, "{\"pin\":1}"), ERR_OK);
    expect_state(s, "{\"desired\":{},\"reported\":{}}");
}

static void a_wipe_leaves_nothing_also_on_disk(void **state)
{
    struct scene *s = *state;

    assert_int_equal(set(s, "{\"pin\":1}"), ERR_OK);
    assert_int_equal(report(s, "{\"pin\":2}"), ERR_OK);
    assert_int_equal(owner_private_wipe(s->private), ERR_OK);
    assert_int_equal(access(s->path, F_OK), -1);
    expect_state(s, "{\"desired\":{},\"reported\":{}}");
    assert_int_equal(owner_private_wipe(s->private), ERR_OK);
    open_again(s);
    expect_state(s, "{\"desired\":{},\"reported\":{}}");
}

static void what_is_damaged_is_gone(void **state)
{
    struct scene *s = *state;
    FILE *file = fopen(s->path, "w");

    assert_non_null(file);
    assert_true(fputs("{\"desired\":{\"pin\":1},\"repor", file) >= 0);
    assert_int_equal(fclose(file), 0);
    open_again(s);
    expect_state(s, "{\"desired\":{},\"reported\":{}}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_thing_description_says_what_is_private),
        TEST(wishes_and_reports_are_merged_and_outlive_a_restart),
        TEST(who_watches_hears_what_differs),
        TEST(what_does_not_fit_is_refused_and_changes_nothing),
        TEST(a_wipe_leaves_nothing_also_on_disk),
        TEST(what_is_damaged_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
