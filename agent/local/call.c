/* call.c */

#include "local/call.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "local/address.h"
#include "local/conversation.h"
#include "local/lines.h"
#include "local/speak.h"

#define GREETING_MS 10000

struct call {
    const struct options *options;
    int fd;
    struct lines *lines;
};

static int say_why_not(const struct options *o, enum err e)
{
    const char *reason = strerror(errno);

    if (e == ERR_DENIED)
        return speak_fail(o, EX_NOPERM, "denied",
            "cannot talk to the agent at %s: %s; try with sudo, or join the "
            "group that '[local] group' names",
            o->socket, reason);
    if (e == ERR_TOO_BIG)
        return speak_fail(o, EX_USAGE, "usage",
            "cannot talk to the agent at %s: %s; a socket's path has at most "
            "107 bytes",
            o->socket, reason);
    if (e == ERR_NOT_FOUND)
        return speak_fail(o, EX_UNAVAILABLE, "unavailable",
            "no agent at %s: %s; start it ('nameplate run', or 'systemctl "
            "start nameplate'), or name its socket with -s",
            o->socket, reason);
    return speak_fail(o, e == ERR_AGAIN ? EX_TEMPFAIL : EX_UNAVAILABLE,
        "unavailable", "cannot talk to the agent at %s: %s; try again later",
        o->socket, reason);
}

int call_status_of(const struct json *answer)
{
    static const struct {
        const char *code;
        int status;
    } known[] = {
        {"invalid",   EX_DATAERR },
        {"too_large", EX_DATAERR },
        {"denied",    EX_NOPERM  },
        {"busy",      EX_TEMPFAIL},
        {"io",        EX_IOERR   },
    };
    const char *code = json_text(json_get(answer, "code"));

    for (size_t i = 0; code != NULL && i < sizeof(known) / sizeof(known[0]);
         i++)
        if (strcmp(known[i].code, code) == 0)
            return known[i].status;
    return EX_UNAVAILABLE;
}

static int say_refusal(const struct options *o, const struct json *answer)
{
    const char *words = json_text(json_get(answer, "error"));
    const char *code = json_text(json_get(answer, "code"));

    return speak_fail(o, call_status_of(answer), code == NULL ? "io" : code,
        "%s: the agent refused: %s", o->verb,
        words == NULL ? "it does not say why" : words);
}

static int say_lost(const struct options *o, enum err e)
{
    if (e == ERR_AGAIN)
        return speak_fail(o, EX_TEMPFAIL, "busy",
            "%s: the agent does not answer; see its log", o->verb);
    if (e == ERR_INVALID)
        return speak_fail(o, EX_PROTOCOL, "io",
            "%s: what answers at %s is no agent; name the right one with -s",
            o->verb, o->socket);
    if (e == ERR_NO_MEMORY)
        return speak_no_memory(o);
    return speak_fail(o, EX_UNAVAILABLE, "unavailable",
        "%s: the agent hung up; see its log, and try again", o->verb);
}

static int check_greeting(struct call *call)
{
    const struct options *o = call->options;
    struct json *hello = NULL;
    enum err e = call_next(call, GREETING_MS, &hello);
    int status = EX_OK;

    if (e != ERR_OK)
        return say_lost(o, e);
    if (json_get(hello, "ok") != NULL)
        status = say_refusal(o, hello);
    else if (json_number(json_get(hello, "protocol")) != CONVERSATION_PROTOCOL)
        status = speak_fail(o, EX_PROTOCOL, "unsupported",
            "the agent at %s speaks another protocol; use the 'nameplate' "
            "that it came with",
            o->socket);
    json_free(hello);
    return status;
}

struct call *call_open(const struct options *o, int *status)
{
    struct call *call = calloc(1, sizeof(*call));
    enum err e;

    if (call == NULL) {
        *status = speak_no_memory(o);
        return NULL;
    }
    call->options = o;
    call->fd = -1;
    call->lines = lines_new();
    if (call->lines == NULL) {
        *status = speak_no_memory(o);
        goto close_call;
    }
    e = address_connect(o->socket, &call->fd);
    if (e == ERR_OK && fcntl(call->fd, F_SETFL, O_NONBLOCK) != 0)
        e = ERR_IO;
    *status = e == ERR_OK ? check_greeting(call) : say_why_not(o, e);
    if (*status == EX_OK)
        return call;

close_call:
    call_close(call);
    return NULL;
}

void call_close(struct call *call)
{
    if (call == NULL)
        return;
    lines_free(call->lines);
    if (call->fd >= 0)
        (void)close(call->fd);
    free(call);
}

int call_descriptor(const struct call *call)
{
    return call->fd;
}

/* True when it is ready; an error shows when it is used. */
static bool wait_for(int fd, short events, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = events};
    int n;

    do
        n = poll(&p, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    return n != 0;
}

enum err call_send(struct call *call, const char *lines, size_t len)
{
    while (len > 0) {
        ssize_t n = send(call->fd, lines, len, MSG_NOSIGNAL);

        if (n > 0) {
            lines += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!wait_for(call->fd, POLLOUT, CALL_PATIENCE_MS))
                return ERR_AGAIN;
        } else if (errno != EINTR) {
            return ERR_IO;
        }
    }
    return ERR_OK;
}

static enum err read_more(struct call *call, int timeout_ms)
{
    char *room;
    size_t size;
    ssize_t n;
    enum err e = lines_room(call->lines, &room, &size);

    if (e != ERR_OK)
        return e;
    for (;;) {
        n = recv(call->fd, room, size, 0);
        if (n > 0) {
            lines_came(call->lines, (size_t)n);
            return ERR_OK;
        }
        if (n == 0)
            return ERR_IO;
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return ERR_IO;
        if (timeout_ms == 0 || !wait_for(call->fd, POLLIN, timeout_ms))
            return ERR_AGAIN;
    }
}

enum err call_next(struct call *call, int timeout_ms, struct json **out)
{
    static const struct json_limits limits = {LINES_MAX, 40};

    for (;;) {
        struct json *said = NULL;
        const char *line;
        size_t len;
        enum err e;

        switch (lines_take(call->lines, &line, &len)) {
        case LINES_NONE:
            e = read_more(call, timeout_ms);
            if (e != ERR_OK)
                return e;
            continue;
        case LINES_TOO_LONG:
            return ERR_INVALID;
        case LINES_LINE:
            break;
        }
        e = json_parse(line, len, limits, &said);
        if (e != ERR_OK)
            return e == ERR_NO_MEMORY ? e : ERR_INVALID;
        if (!json_is_object(said)) {
            json_free(said);
            return ERR_INVALID;
        }
        *out = said;
        return ERR_OK;
    }
}

static enum err send_object(struct call *call, struct json *object)
{
    char *text = object == NULL ? NULL : json_print(object);
    enum err e = ERR_NO_MEMORY;

    if (text != NULL)
        e = call_send(call, text, strlen(text));
    if (e == ERR_OK)
        e = call_send(call, "\n", 1);
    free(text);
    json_free(object);
    return e;
}

struct json *call_ask(struct call *call, struct json *request, int *status)
{
    const struct options *o = call->options;
    struct json *said = NULL;
    enum err e = send_object(call, request);

    if (e == ERR_OK)
        e = call_next(call, CALL_PATIENCE_MS, &said);
    if (e != ERR_OK) {
        *status = say_lost(o, e);
        return NULL;
    }
    if (json_is_true(json_get(said, "ok"))) {
        *status = EX_OK;
        return said;
    }
    *status = say_refusal(o, said);
    json_free(said);
    return NULL;
}

struct json *call_request(const char *op)
{
    struct json *request = json_new_object();

    if (request == NULL ||
        json_set(request, "op", json_new_string(op)) == ERR_OK)
        return request;
    json_free(request);
    return NULL;
}

struct json *call_once(const struct options *o, const char *op, int *status)
{
    struct call *call = call_open(o, status);
    struct json *answer;

    if (call == NULL)
        return NULL;
    answer = call_ask(call, call_request(op), status);
    call_close(call);
    return answer;
}

int call_store(const struct options *o, struct json *request)
{
    struct json *answer;
    int status;
    struct call *call = call_open(o, &status);

    if (call == NULL) {
        json_free(request);
        return status;
    }
    answer = call_ask(call, request, &status);
    call_close(call);
    if (answer == NULL)
        return status;
    if (o->json) {
        status = speak_json(o, answer);
    } else {
        (void)puts("stored");
        status = speak_end(o);
    }
    json_free(answer);
    return status;
}
