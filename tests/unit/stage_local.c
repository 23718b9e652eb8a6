/* stage_local SOCKET [GROUP]: the local socket of an agent whose cloud the test
 * plays, so that the real verbs can be tried against every answer.
 *
 * Commands on standard input, a line each:
 *   desire VERSION JSON   what the cloud wants
 *   online | offline WHY DETAIL...
 *   refuse NUMBER         what report and emit come back with (enum err)
 *   disk good|bad|stuck   whether letters are stored, refused, or wait
 * On standard output: "ready", then "TOPIC JSON" for each letter accepted. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmocka_all.h"
#include "core/loop.h"
#include "fake_agent.h"
#include "local/lines.h"
#include "local/server.h"

#define COMMIT_MS 2

struct stage {
    struct loop *loop;
    struct fake_agent *fake;
    struct lines *input;
    struct loop_timer *commit;
    bool stuck, bad;
    char detail[200], why[50];
};

static void on_commit(void *context)
{
    struct stage *s = context;

    s->commit = loop_timer_start(s->loop, COMMIT_MS, on_commit, s);
    (void)fputs(s->fake->letters, stdout);
    (void)fflush(stdout);
    s->fake->letters[0] = '\0';
    if (!s->stuck)
        fake_agent_commit(s->fake, !s->bad);
}

static void obey(struct stage *s, const char *command)
{
    char *rest;

    if (strncmp(command, "desire ", 7) == 0) {
        long version = strtol(command + 7, &rest, 10);

        fake_agent_desire(s->fake, rest, version);
    } else if (strcmp(command, "online") == 0) {
        fake_agent_set_online(s->fake, true);
    } else if (sscanf(command, "offline %49s %199[^\n]", s->why, s->detail) ==
        2) {
        s->fake->status.why = s->why;
        s->fake->status.detail = s->detail;
        s->fake->status.next_try_ms = 12000;
        s->fake->status.outbox.dropped = 2;
        fake_agent_set_online(s->fake, false);
    } else if (strncmp(command, "refuse ", 7) == 0) {
        s->fake->refusal = (enum err)strtol(command + 7, NULL, 10);
    } else if (strncmp(command, "disk ", 5) == 0) {
        s->bad = strcmp(command + 5, "bad") == 0;
        s->stuck = strcmp(command + 5, "stuck") == 0;
    } else {
        (void)fprintf(stderr, "stage: what is '%s'?\n", command);
        exit(64);
    }
}

static void on_input(void *context, unsigned events)
{
    struct stage *s = context;
    char text[10000];
    const char *line;
    char *room;
    size_t size, len;
    ssize_t n;

    (void)events;
    if (lines_room(s->input, &room, &size) != ERR_OK)
        exit(71);
    n = read(STDIN_FILENO, room, size);
    if (n <= 0) {
        loop_stop(s->loop);
        return;
    }
    lines_came(s->input, (size_t)n);
    while (lines_take(s->input, &line, &len) == LINES_LINE) {
        (void)snprintf(text, sizeof(text), "%.*s", (int)len, line);
        obey(s, text);
    }
    (void)puts("done");
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    struct stage s = {
        .loop = loop_new(), .fake = fake_agent_new(), .input = lines_new()};
    struct server *server = NULL;
    struct loop_watch *input;
    struct server_options options = {.loop = s.loop,
        .path = argc > 1 ? argv[1] : "",
        .group = argc > 2 ? argv[2] : NULL,
        .sources = fake_agent_sources(s.fake)};

    if (server_start(&options, &server) != ERR_OK)
        return 69;
    (void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    input = loop_watch_start(s.loop, STDIN_FILENO, LOOP_READABLE, on_input, &s);
    s.commit = loop_timer_start(s.loop, COMMIT_MS, on_commit, &s);
    (void)puts("ready");
    (void)fflush(stdout);
    loop_run(s.loop);
    loop_watch_stop(input);
    loop_timer_cancel(s.commit);
    server_stop(server);
    fake_agent_free(s.fake);
    lines_free(s.input);
    loop_free(s.loop);
    return 0;
}
