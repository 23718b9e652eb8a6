/* What device/actions does when it is asked, with real programs. */

#include "device/actions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmocka_all.h"
#include "core/log.h"
#include "fake_session.h"
#include "folder.h"
#include "loop_wait.h"

#define P      "$aws/commands/things/acme:t:1/executions/"
#define FILTER P "+/request/json"

struct world {
    struct folder folder;
    struct loop *loop;
    struct session *session;
    struct commands *commands;
    struct actions *actions;
    char program[500], trace[500];
    int heard, asked;
};

static void on_identify(void *context)
{
    struct world *w = context;

    w->heard++;
}

/* A program that adds its argument to the trace. */
static void write_program(struct world *w, const char *body)
{
    FILE *file;

    (void)snprintf(
        w->program, sizeof(w->program), "%s/program", w->folder.path);
    (void)snprintf(w->trace, sizeof(w->trace), "%s/trace", w->folder.path);
    file = fopen(w->program, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\nT=%s\n%s\n", w->trace, body) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(w->program, 0700), 0);
}

static int set_up(void **state)
{
    static struct world world;

    log_set_level(LOG_LEVEL_ERROR);
    world = (struct world){.loop = loop_new(), .session = fake_session_new()};
    *state = &world;
    return folder_make(&world.folder) != 0 ||
        commands_new(world.session, "acme:t:1", &world.commands) != ERR_OK;
}

static int tear_down(void **state)
{
    struct world *w = *state;

    actions_free(w->actions);
    commands_free(w->commands);
    fake_session_free(w->session);
    loop_free(w->loop);
    folder_remove(&w->folder);
    return 0;
}

static void open_with(
    struct world *w, const char *identify, const char *restart)
{
    const struct actions_options options = {
        w->loop, w->commands, identify, restart};

    assert_int_equal(actions_new(&options, &w->actions), ERR_OK);
    assert_int_equal(actions_watch(w->actions, on_identify, w), ERR_OK);
    fake_session_go(w->session, true, false);
}

static const char *ask(struct world *w, const char *action)
{
    char topic[300], payload[100];

    (void)snprintf(topic, sizeof(topic), P "e-%d/request/json", w->asked++);
    (void)snprintf(payload, sizeof(payload), "{\"action\":\"%s\"}", action);
    assert_int_equal(
        fake_session_deliver_to(w->session, FILTER, topic, payload), 1);
    return fake_session_last(w->session)->payload;
}

/* Wait until the program has written so much. */
static void expect_trace(struct world *w, const char *text)
{
    char found[200] = "";

    for (int i = 0; i < 500 && strcmp(found, text) != 0; i++) {
        FILE *file;
        size_t len = 0;

        loop_wait(w->loop, 20);
        file = fopen(w->trace, "r");
        if (file == NULL)
            continue;
        len = fread(found, 1, sizeof(found) - 1, file);
        found[len] = '\0';
        assert_int_equal(fclose(file), 0);
    }
    assert_string_equal(found, text);
}

static void identify_tells_who_watches_and_needs_no_program(void **state)
{
    struct world *w = *state;

    open_with(w, NULL, NULL);
    assert_string_equal(ask(w, "identify"), "{\"status\":\"SUCCEEDED\"}");
    assert_int_equal(w->heard, 1);
    actions_unwatch(w->actions, w);
    actions_unwatch(w->actions, w);
    (void)ask(w, "identify");
    assert_int_equal(w->heard, 1);
}

static void identify_runs_the_allowed_program_one_at_a_time(void **state)
{
    struct world *w = *state;

    write_program(w, "echo $1 >>$T; while [ -e $T ]; do sleep 0.02; done");
    open_with(w, w->program, NULL);
    assert_string_equal(ask(w, "identify"), "{\"status\":\"SUCCEEDED\"}");
    assert_string_equal(ask(w, "identify"), "{\"status\":\"SUCCEEDED\"}");
    expect_trace(w, "identify\n");
    assert_int_equal(unlink(w->trace), 0); /* it ends */
}

static void a_program_that_is_not_there_fails_the_command(void **state)
{
    struct world *w = *state;

    log_set_descriptor(-1);
    open_with(w, "/nowhere/program", NULL);
    assert_non_null(strstr(ask(w, "identify"), "PROGRAM_FAILED"));
    log_set_descriptor(2);
    assert_int_equal(w->heard, 1);
}

static void a_restart_is_rejected_unless_a_program_is_allowed(void **state)
{
    struct world *w = *state;

    open_with(w, NULL, NULL);
    assert_non_null(strstr(ask(w, "restart"), "NOT_ALLOWED"));
}

static void a_restart_is_answered_before_it_begins(void **state)
{
    struct world *w = *state;

    write_program(w, "echo $1 >>$T");
    open_with(w, NULL, w->program);
    assert_string_equal(ask(w, "restart"), "{\"status\":\"SUCCEEDED\"}");
    assert_string_equal(ask(w, "restart"), "{\"status\":\"SUCCEEDED\"}");
    assert_int_equal(access(w->trace, F_OK), -1);
    expect_trace(w, "restart\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(identify_tells_who_watches_and_needs_no_program),
        TEST(identify_runs_the_allowed_program_one_at_a_time),
        TEST(a_program_that_is_not_there_fails_the_command),
        TEST(a_restart_is_rejected_unless_a_program_is_allowed),
        TEST(a_restart_is_answered_before_it_begins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
