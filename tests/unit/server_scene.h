/* server_scene.h - a server in a folder of its own, with a loop that the test
 * turns and applications that it plays. */

#ifndef SERVER_SCENE_H
#define SERVER_SCENE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "core/loop.h"
#include "fake_agent.h"
#include "local/address.h"
#include "local/server.h"

#define EMIT   "{\"op\":\"emit\",\"stream\":\"x\",\"data\":1}\n"
#define STORED "{\"ok\":true,\"stored\":true}\n"

struct scene {
    char folder[64];
    char path[80];
    struct loop *loop;
    struct fake_agent *fake;
    struct server *server;
    char heard[600000];
};

static inline struct server_options options_of(struct scene *s)
{
    return (struct server_options){.loop = s->loop,
        .path = s->path,
        .sources = fake_agent_sources(s->fake)};
}

static inline int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof(*s));
    struct server_options options;

    if (s == NULL)
        return 1;
    (void)snprintf(s->folder, sizeof(s->folder), "/tmp/test_server.XXXXXX");
    if (mkdtemp(s->folder) == NULL)
        return 1;
    (void)snprintf(s->path, sizeof(s->path), "%s/run/s", s->folder);
    s->loop = loop_new();
    s->fake = fake_agent_new();
    options = options_of(s);
    *state = s;
    return server_start(&options, &s->server) != ERR_OK;
}

static inline int tear_down(void **state)
{
    struct scene *s = *state;
    char command[100];
    int failed;

    server_stop(s->server);
    fake_agent_free(s->fake);
    loop_free(s->loop);
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", s->folder);
    failed = system(command);
    free(s);
    return failed;
}

static inline void stop_loop(void *context)
{
    loop_stop(context);
}

/* Let the loop work off what is there.  Each step looks at the descriptors at
 * least once, however long this process has to wait for the processor. */
static inline void turn(struct scene *s)
{
    for (int step = 0; step < 10; step++) {
        assert_non_null(loop_timer_start(s->loop, 3, stop_loop, s->loop));
        loop_run(s->loop);
    }
}

static inline int knock(struct scene *s)
{
    int fd;

    assert_int_equal(address_connect(s->path, &fd), ERR_OK);
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    return fd;
}

/* What has come in s->heard; true when the other end has hung up. */
static inline bool listen_to(struct scene *s, int fd)
{
    size_t len = 0;
    ssize_t n;

    while ((n = recv(fd, s->heard + len, sizeof(s->heard) - 1 - len, 0)) > 0)
        len += (size_t)n;
    s->heard[len] = '\0';
    if (n < 0 && errno != ECONNRESET)
        assert_int_equal(errno, EAGAIN);
    return n == 0 || errno == ECONNRESET;
}

static inline void hears(struct scene *s, int fd, const char *expected)
{
    assert_false(listen_to(s, fd));
    assert_string_equal(s->heard, expected);
}

static inline void begins(const struct scene *s, const char *start)
{
    if (strncmp(s->heard, start, strlen(start)) != 0)
        fail_msg("heard: %.200s", s->heard);
}

static inline size_t lines_heard(const struct scene *s)
{
    size_t count = 0;

    for (const char *p = s->heard; (p = strchr(p, '\n')) != NULL; p++)
        count++;
    return count;
}

static inline bool try_to_say(int fd, const char *text)
{
    ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);

    if (n < 0)
        assert_int_equal(errno, EAGAIN);
    else
        assert_int_equal(n, strlen(text));
    return n >= 0;
}

/* The kernel's buffer takes a few hundred short lines. */
static inline void say(struct scene *s, int fd, const char *text)
{
    if (!try_to_say(fd, text)) {
        turn(s);
        assert_true(try_to_say(fd, text));
    }
}

/* Connect and take the greeting. */
static inline int enter(struct scene *s)
{
    int fd = knock(s);

    turn(s);
    assert_false(listen_to(s, fd));
    begins(s, "{\"ev\":\"hello\",\"protocol\":1,");
    assert_int_equal(lines_heard(s), 1);
    return fd;
}

#endif
