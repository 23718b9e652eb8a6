/* A reset is signed on a thread of its own: who waits for it hears of it once,
 * also when the agent stops in the middle. */

#include "cmocka_all.h"
#include "core/log.h"
#include "device/owner.h"
#include "device/owner_work.h"
#include "fake_session.h"
#include "folder.h"
#include "identity/worker.h"
#include "loop_wait.h"

#define WAIT_MS 20

struct scene {
    struct folder folder;
    struct loop *loop;
    struct session *session;
    struct commands *commands;
    struct key *key;
    struct owner *owner;
};

struct asked {
    enum err e;
    int calls;
};

static void on_reset(void *context, enum err e, int64_t epoch)
{
    struct asked *asked = context;

    (void)epoch;
    asked->e = e;
    asked->calls++;
}

static int set_up(void **state)
{
    static struct scene scene;
    static const mbedtls_x509_crt none;
    char uri[sizeof(scene.folder.path) + 30];

    log_set_descriptor(-1);
    scene = (struct scene){.loop = loop_new(), .session = fake_session_new()};
    *state = &scene;
    if (folder_make(&scene.folder) != 0)
        return 1;
    (void)snprintf(uri, sizeof(uri), "file:%s/none.pem", scene.folder.path);
    assert_int_equal(key_open(uri, &scene.key), ERR_OK);
    assert_int_equal(
        commands_new(scene.session, "a:b:c", &scene.commands), ERR_OK);
    assert_int_equal(owner_new(&(struct owner_options){.loop = scene.loop,
                                   .session = scene.session,
                                   .commands = scene.commands,
                                   .key = scene.key,
                                   .chain = &none,
                                   .thing = "a:b:c",
                                   .folder = scene.folder.path},
                         &scene.owner),
        ERR_OK);
    return 0;
}

static void end_threads(struct scene *s)
{
    for (int tries = 0; worker_threads() > 0 && tries < 500; tries++)
        loop_wait(s->loop, WAIT_MS);
    assert_int_equal(worker_threads(), 0);
    loop_flush(s->loop);
}

static int tear_down(void **state)
{
    struct scene *s = *state;

    owner_free(s->owner);
    end_threads(s);
    commands_free(s->commands);
    fake_session_free(s->session);
    key_free(s->key);
    loop_free(s->loop);
    folder_remove(&s->folder);
    return 0;
}

static void a_key_that_does_not_sign_resets_nothing(void **state)
{
    struct scene *s = *state;
    struct asked asked = {.e = ERR_OK};

    assert_int_equal(owner_reset(s->owner, on_reset, &asked), ERR_OK);
    assert_int_equal(asked.calls, 0);
    end_threads(s);
    assert_int_equal(asked.calls, 1);
    assert_int_equal(asked.e, ERR_IO);
}

/* The loop has not run since it began, so its end is not known yet. */
static void a_reset_that_the_agents_stop_cuts_short_is_told_once(void **state)
{
    struct scene *s = *state;
    struct asked asked[OWNER_WORK_MOST] = {{.e = ERR_OK}};

    for (size_t i = 0; i < OWNER_WORK_MOST; i++)
        assert_int_equal(owner_reset(s->owner, on_reset, &asked[i]), ERR_OK);
    assert_int_equal(owner_reset(s->owner, on_reset, &asked[0]), ERR_AGAIN);
    owner_free(s->owner);
    s->owner = NULL;
    assert_int_equal(asked[0].calls, 0);
    end_threads(s);
    for (size_t i = 0; i < OWNER_WORK_MOST; i++) {
        assert_int_equal(asked[i].calls, 1);
        assert_int_equal(asked[i].e, ERR_AGAIN);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_that_does_not_sign_resets_nothing),
        TEST(a_reset_that_the_agents_stop_cuts_short_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
