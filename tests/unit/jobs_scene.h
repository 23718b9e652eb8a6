/* jobs_scene.h - device/jobs with a cloud that the test plays, and handlers
 * that are real programs. */

#ifndef TESTS_JOBS_SCENE_H
#define TESTS_JOBS_SCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmocka_all.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "device/jobs.h"
#include "fake_session.h"
#include "folder.h"
#include "loop_wait.h"

#define P        "$aws/things/acme:t:1/jobs/"
#define PATIENCE 500 /* times 20 ms */

struct world {
    struct folder handlers, store;
    struct loop *loop;
    struct session *session;
    struct jobs *jobs;
    uint64_t step_ms;
    char trace[500];
};

static inline void live(struct world *w)
{
    const struct jobs_options options = {.session = w->session,
        .loop = w->loop,
        .thing = "acme:t:1",
        .folder = w->store.path,
        .handlers = w->handlers.path,
        .step_ms = w->step_ms};

    assert_int_equal(jobs_new(&options, &w->jobs), ERR_OK);
}

/* The agent ends, as by kill -9, and begins again; it is offline. */
static inline void live_again(struct world *w)
{
    jobs_free(w->jobs);
    fake_session_free(w->session);
    w->session = fake_session_new();
    live(w);
}

/* A file in the handlers' folder; lent until the next call. */
static inline const char *path_of(const struct world *w, const char *name)
{
    static char path[500];

    (void)snprintf(path, sizeof(path), "%s/%s", w->handlers.path, name);
    return path;
}

static inline void write_handler(
    const struct world *w, const char *name, const char *body, mode_t mode)
{
    const char *path = path_of(w, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fprintf(file, "#!/bin/sh\nT=%s\n%s\n", w->trace, body) > 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static inline int set_up(void **state)
{
    static struct world world;

    log_set_level(LOG_LEVEL_ERROR);
    world = (struct world){
        .loop = loop_new(), .session = fake_session_new(), .step_ms = 60000};
    *state = &world;
    if (folder_make(&world.handlers) != 0 || folder_make(&world.store) != 0)
        return 1;
    (void)snprintf(
        world.trace, sizeof(world.trace), "%s/trace", world.handlers.path);
    write_handler(&world, "say.sh", "echo \"$@\" >>$T", 0755);
    write_handler(&world, "fail.sh", "echo failing >>$T; exit 3", 0700);
    live(&world);
    return 0;
}

static inline int tear_down(void **state)
{
    struct world *w = *state;

    jobs_free(w->jobs);
    fake_session_free(w->session);
    loop_flush(w->loop);
    loop_free(w->loop);
    folder_remove(&w->handlers);
    folder_remove(&w->store);
    return 0;
}

/* --- the cloud's part ------------------------------------------------------
 */

static inline const char *token_of(const struct fake_letter *letter)
{
    static char token[100];
    struct json *body = NULL;

    assert_non_null(letter);
    assert_int_equal(json_parse(letter->payload, letter->len,
                         (struct json_limits){10000, 10}, &body),
        ERR_OK);
    assert_non_null(json_text(json_get(body, "clientToken")));
    (void)snprintf(
        token, sizeof(token), "%s", json_text(json_get(body, "clientToken")));
    json_free(body);
    return token;
}

static inline void expect_last_topic(const struct world *w, const char *suffix)
{
    char topic[300];

    (void)snprintf(topic, sizeof(topic), P "%s", suffix);
    assert_non_null(fake_session_last(w->session));
    assert_string_equal(fake_session_last(w->session)->topic, topic);
}

static inline void expect_last_says(const struct world *w, const char *part)
{
    const char *payload = fake_session_last(w->session)->payload;

    if (strstr(payload, part) == NULL)
        fail_msg("%s is not in %s", part, payload);
}

/* Answer what was said last; `members` go before its token. */
static inline void answer(
    struct world *w, const char *filter, const char *topic, const char *members)
{
    char text[9000], full[300], whole[300];

    (void)snprintf(text, sizeof(text), "{%s\"clientToken\":\"%s\"}", members,
        token_of(fake_session_last(w->session)));
    (void)snprintf(full, sizeof(full), P "%s", topic);
    (void)snprintf(whole, sizeof(whole), P "%s", filter);
    assert_int_equal(fake_session_deliver_to(w->session, whole, full, text), 1);
}

static inline void start(struct world *w, const char *job, const char *document)
{
    char members[8000];

    expect_last_topic(w, "start-next");
    (void)snprintf(members, sizeof(members),
        "\"execution\":{\"jobId\":\"%s\",\"executionNumber\":1,"
        "\"status\":\"IN_PROGRESS\",\"jobDocument\":%s},",
        job, document);
    answer(w, "start-next/accepted", "start-next/accepted", members);
}

static inline void accept_update(struct world *w, const char *job)
{
    char topic[100];

    (void)snprintf(topic, sizeof(topic), "%s/update/accepted", job);
    answer(w, "+/update/accepted", topic, "");
}

static inline void refuse_update(
    struct world *w, const char *job, const char *code)
{
    char topic[100], members[100];

    (void)snprintf(topic, sizeof(topic), "%s/update/rejected", job);
    (void)snprintf(members, sizeof(members), "\"code\":\"%s\",", code);
    answer(w, "+/update/rejected", topic, members);
}

static inline void nothing_pending(struct world *w)
{
    expect_last_topic(w, "start-next");
    answer(w, "start-next/accepted", "start-next/accepted", "");
}

static inline bool last_says(const struct world *w, const char *part)
{
    const struct fake_letter *last = fake_session_last(w->session);

    return last != NULL && strstr(last->payload, part) != NULL;
}

static inline void wait_to_hear(struct world *w, const char *part)
{
    for (int i = 0; i < PATIENCE && !last_says(w, part); i++)
        loop_wait(w->loop, 20);
    expect_last_says(w, part);
}

/* What the handlers wrote; lent until the next call. */
static inline const char *trace_of(const struct world *w)
{
    static char text[4000];
    char *bytes = NULL;
    size_t len;

    text[0] = '\0';
    if (file_read(w->trace, sizeof(text) - 1, &bytes, &len) == ERR_OK)
        memcpy(text, bytes, len + 1);
    free(bytes);
    return text;
}

static inline void wait_for_trace(struct world *w, const char *text)
{
    for (int i = 0; i < PATIENCE && strcmp(trace_of(w), text) != 0; i++)
        loop_wait(w->loop, 20);
    assert_string_equal(trace_of(w), text);
}

#define STEP(handler, more)                                                    \
    "{\"action\":{\"name\":\"n\",\"type\":\"runHandler\"," more                \
    "\"input\":{\"handler\":\"" handler "\"}}}"
#define ARGS(handler, args)                                                    \
    "{\"action\":{\"type\":\"runHandler\",\"input\":{\"handler\":\"" handler   \
    "\",\"args\":[" args "],\"path\":\"default\"}}}"
#define STEPS(steps) "{\"version\":\"1.0\",\"steps\":[" steps "]}"
#define WITH_FINAL(steps, final)                                               \
    "{\"version\":\"1.0\",\"steps\":[" steps "],\"finalStep\":" final "}"

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
