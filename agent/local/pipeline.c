/* pipeline.c - the number of the line is the request's id.  The window is
 * smaller than what the agent takes unanswered, so that sending never has to
 * wait for answers that we do not read. */

#include "local/pipeline.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "local/call.h"
#include "local/conversation.h"
#include "local/lines.h"
#include "local/speak.h"

#define WINDOW     (CONVERSATION_UNANSWERED / 2)
#define SEND_BYTES 65536 /* requests put together before they are sent */

struct pipeline {
    const struct options *options;
    pipeline_make *make;
    struct call *call;
    struct lines *input;
    bool eof;
    char *out; /* requests that are not sent yet */
    size_t out_len, out_size;
    size_t unanswered;
    size_t line, stored, failed;
    int status;
};

static void fail_line(
    struct pipeline *p, size_t line, int status, const char *words)
{
    /* The object for --json comes once, at the end. */
    (void)fprintf(
        stderr, "nameplate: %s: line %zu: %s\n", p->options->verb, line, words);
    p->failed++;
    p->status = status;
}

static enum err append(struct pipeline *p, const char *text)
{
    size_t len = strlen(text), size = p->out_size == 0 ? 4096 : p->out_size;
    char *grown;

    while (size < p->out_len + len + 1)
        size *= 2;
    if (size > p->out_size) {
        grown = realloc(p->out, size);
        if (grown == NULL)
            return ERR_NO_MEMORY;
        p->out = grown;
        p->out_size = size;
    }
    memcpy(p->out + p->out_len, text, len);
    p->out_len += len;
    p->out[p->out_len++] = '\n';
    return ERR_OK;
}

/* Takes `request`. */
static enum err put(struct pipeline *p, struct json *request)
{
    enum err e = json_set(request, "id", json_new_number((double)p->line));
    char *text = e == ERR_OK ? json_print(request) : NULL;

    json_free(request);
    e = text == NULL ? ERR_NO_MEMORY : append(p, text);
    free(text);
    if (e == ERR_OK)
        p->unanswered++;
    return e;
}

static enum err take_line(struct pipeline *p, const char *bytes, size_t len)
{
    char fault[ASSIGN_FAULT];
    struct json *request = NULL;
    char *line;
    enum err e;

    if (len == 0)
        return ERR_OK;
    if (memchr(bytes, '\0', len) != NULL) {
        fail_line(p, p->line, EX_DATAERR, "a NUL byte; expected text");
        return ERR_OK;
    }
    line = strndup(bytes, len);
    if (line == NULL)
        return ERR_NO_MEMORY;
    e = p->make(p->options, line, &request, fault);
    free(line);
    if (e == ERR_OK)
        return put(p, request);
    if (e != ERR_INVALID)
        return e;
    fail_line(p, p->line, EX_DATAERR, fault);
    return ERR_OK;
}

/* Whole lines that are there, until the window is full. */
static enum err take_lines(struct pipeline *p)
{
    enum err e = ERR_OK;

    while (e == ERR_OK && p->unanswered < WINDOW && p->out_len < SEND_BYTES) {
        const char *line;
        size_t len;
        enum lines_next next = p->eof ? lines_rest(p->input, &line, &len)
                                      : lines_take(p->input, &line, &len);

        if (next == LINES_NONE)
            return ERR_OK;
        p->line++;
        if (next == LINES_LINE)
            e = take_line(p, line, len);
        else
            fail_line(p, p->line, EX_DATAERR, "more than 64 KB; it is skipped");
    }
    return e;
}

static enum err read_input(struct pipeline *p)
{
    char *room;
    size_t size;
    ssize_t n;
    enum err e = lines_room(p->input, &room, &size);

    if (e != ERR_OK)
        return e;
    n = read(STDIN_FILENO, room, size);
    if (n > 0)
        lines_came(p->input, (size_t)n);
    else if (n == 0)
        p->eof = true;
    else if (errno != EINTR && errno != EAGAIN)
        return ERR_NOT_FOUND;
    return ERR_OK;
}

static void hear(struct pipeline *p, const struct json *answer)
{
    const char *words = json_text(json_get(answer, "error"));
    double id = json_number(json_get(answer, "id"));

    if (json_get(answer, "ok") == NULL)
        return; /* an event */
    p->unanswered -= p->unanswered > 0;
    if (json_is_true(json_get(answer, "ok")))
        p->stored++;
    else
        fail_line(p, (size_t)id, call_status_of(answer),
            words == NULL ? "the agent refused" : words);
}

static enum err hear_all(struct pipeline *p)
{
    struct json *answer = NULL;
    enum err e;

    while ((e = call_next(p->call, 0, &answer)) == ERR_OK) {
        hear(p, answer);
        json_free(answer);
    }
    return e == ERR_AGAIN ? ERR_OK : e;
}

/* Sleep until something can be done. */
static enum err wait_and_work(struct pipeline *p)
{
    bool wants_input = !p->eof && p->unanswered < WINDOW;
    struct pollfd fds[2] = {
        {.fd = call_descriptor(p->call),        .events = POLLIN},
        {.fd = wants_input ? STDIN_FILENO : -1, .events = POLLIN},
    };
    int n = poll(fds, 2, p->unanswered > 0 ? CALL_PATIENCE_MS : -1);
    enum err e = ERR_OK;

    if (n < 0)
        return errno == EINTR ? ERR_OK : ERR_IO;
    if (n == 0)
        return ERR_AGAIN;
    if (fds[0].revents != 0)
        e = hear_all(p);
    if (e == ERR_OK && fds[1].revents != 0)
        e = read_input(p);
    return e;
}

static enum err run(struct pipeline *p)
{
    for (;;) {
        enum err e = take_lines(p);

        if (e == ERR_OK && p->out_len > 0) {
            e = call_send(p->call, p->out, p->out_len);
            p->out_len = 0;
            /* More may be there already: only a full window waits. */
            if (e == ERR_OK && p->unanswered < WINDOW)
                e = hear_all(p);
        }
        if (e != ERR_OK)
            return e;
        if (p->eof && p->unanswered == 0)
            return ERR_OK;
        e = wait_and_work(p);
        if (e != ERR_OK)
            return e;
    }
}

static int say_end(struct pipeline *p, enum err e)
{
    const struct options *o = p->options;

    if (e == ERR_NO_MEMORY)
        return speak_no_memory(o);
    if (e == ERR_NOT_FOUND)
        return speak_fail(o, EX_NOINPUT, "io",
            "%s: cannot read standard input: %s", o->verb, strerror(errno));
    if (e != ERR_OK)
        return speak_fail(o, e == ERR_AGAIN ? EX_TEMPFAIL : EX_UNAVAILABLE,
            "unavailable",
            "%s: the agent %s; %zu lines are stored, %zu up to line %zu may "
            "not be: send those again",
            o->verb, e == ERR_AGAIN ? "does not answer" : "hung up", p->stored,
            p->unanswered, p->line);
    if (o->json)
        (void)printf("{\"ok\":%s,\"stored\":%zu,\"failed\":%zu}\n",
            p->failed == 0 ? "true" : "false", p->stored, p->failed);
    else if (p->failed > 0)
        (void)printf("%zu stored, %zu failed\n", p->stored, p->failed);
    else
        (void)printf("%zu stored\n", p->stored);
    e = speak_end(o) == EX_OK ? ERR_OK : ERR_IO;
    return p->status != EX_OK ? p->status : e == ERR_OK ? EX_OK : EX_IOERR;
}

int pipeline_run(const struct options *o, pipeline_make *make)
{
    struct pipeline p = {.options = o, .make = make, .input = lines_new()};
    int status;

    if (p.input == NULL)
        return speak_no_memory(o);
    p.call = call_open(o, &status);
    if (p.call != NULL)
        status = say_end(&p, run(&p));
    call_close(p.call);
    lines_free(p.input);
    free(p.out);
    return status;
}
