/* peer.c - everything happens in on_ready: write, take lines, write, decide.
 * An answer that comes at another moment is only put down, and asks for
 * on_ready by waiting for room to write. */

#include "local/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "local/lines.h"

#define MODULE     "local"
#define TURN_BYTES (4 * LINES_MAX) /* read from one peer before the next */

struct peer {
    int fd;
    struct loop_watch *watch;
    struct lines *lines;
    struct conversation *talk;
    peer_ended *ended;
    void *context;
    char *out; /* out[out_start..out_end) waits to be written */
    size_t out_start, out_end, out_size;
    bool eof;    /* it says no more, and may still listen */
    bool deaf;   /* it listens no more; what it said before still counts */
    bool broken; /* nothing goes any more */
    bool again;  /* on_ready has more to do, though nothing waits */
};

static size_t pending(const struct peer *p)
{
    return p->out_end - p->out_start;
}

/* No line is taken now. */
static bool is_paused(const struct peer *p)
{
    return conversation_is_full(p->talk) || pending(p) > PEER_OUTPUT_PAUSE;
}

static void ask_for_turn(struct peer *p)
{
    unsigned events = 0;

    if (pending(p) > 0 || p->broken || (p->again && !is_paused(p)))
        events |= LOOP_WRITABLE;
    if (!p->eof && !is_paused(p))
        events |= LOOP_READABLE;
    loop_watch_change(p->watch, events);
}

/* Both directions end, so that on_ready comes even if the peer never reads. */
static void break_off(struct peer *p)
{
    p->broken = true;
    p->out_start = p->out_end = 0;
    (void)shutdown(p->fd, SHUT_RDWR);
}

static bool make_room(struct peer *p, size_t len)
{
    size_t size = p->out_size == 0 ? 1024 : p->out_size;
    char *grown;

    if (p->out_start > 0)
        memmove(p->out, p->out + p->out_start, pending(p));
    p->out_end -= p->out_start;
    p->out_start = 0;
    if (p->out_end + len <= p->out_size)
        return true;
    while (size < p->out_end + len)
        size *= 2;
    grown = realloc(p->out, size);
    if (grown == NULL)
        return false;
    p->out = grown;
    p->out_size = size;
    return true;
}

static void on_say(void *context, const char *line, size_t len)
{
    struct peer *p = context;

    if (p->broken)
        return;
    if (p->deaf) {
        p->again = true; /* was this the last that it had to wait for? */
    } else if (pending(p) + len > PEER_OUTPUT_MAX) {
        log_warning(MODULE, "an application does not read: disconnected");
        break_off(p);
    } else if (p->out_end + len <= p->out_size || make_room(p, len)) {
        memcpy(p->out + p->out_end, line, len);
        p->out_end += len;
    } else {
        log_error(MODULE, "out of memory: an application is disconnected");
        break_off(p);
    }
    ask_for_turn(p);
}

static void write_out(struct peer *p)
{
    while (pending(p) > 0) {
        ssize_t n = send(p->fd, p->out + p->out_start, pending(p),
            MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0) {
            p->deaf = true;
            break;
        }
        p->out_start += (size_t)n;
    }
    p->out_start = p->out_end = 0;
}

/* Take the lines that are there, until a pause. */
static void take_lines(struct peer *p)
{
    while (!p->broken) {
        const char *line;
        size_t len;

        if (is_paused(p)) {
            p->again = true; /* no byte need come for what is left */
            return;
        }
        switch (p->eof ? lines_rest(p->lines, &line, &len)
                       : lines_take(p->lines, &line, &len)) {
        case LINES_NONE:
            return;
        case LINES_LINE:
            conversation_take(p->talk, line, len);
            break;
        case LINES_TOO_LONG:
            conversation_too_long(p->talk);
            break;
        }
    }
}

/* Bytes read; 0 when there are none now. */
static size_t read_some(struct peer *p)
{
    char *room;
    size_t size;
    ssize_t n;

    if (lines_room(p->lines, &room, &size) != ERR_OK) {
        log_error(MODULE, "out of memory: an application is disconnected");
        break_off(p);
        return 0;
    }
    do
        n = recv(p->fd, room, size, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        lines_came(p->lines, (size_t)n);
        return (size_t)n;
    }
    if (n == 0)
        p->eof = true;
    else if (errno != EAGAIN && errno != EWOULDBLOCK)
        break_off(p);
    return 0;
}

static void read_in(struct peer *p)
{
    size_t got = 0, now;

    take_lines(p);
    do {
        if (p->eof || p->broken || is_paused(p))
            return;
        now = read_some(p);
        take_lines(p);
        got += now;
    } while (now > 0 && got < TURN_BYTES);
}

static bool is_over(const struct peer *p)
{
    return p->broken ||
        (p->eof && pending(p) == 0 && !conversation_is_busy(p->talk));
}

static void on_ready(void *context, unsigned events)
{
    struct peer *p = context;

    (void)events;
    p->again = false;
    write_out(p);
    read_in(p);
    write_out(p);
    if (is_over(p))
        p->ended(p->context, p); /* p may be gone */
    else
        ask_for_turn(p);
}

enum err peer_start(const struct peer_options *options, struct peer **out)
{
    struct peer *p = calloc(1, sizeof(*p));
    enum err e = ERR_NO_MEMORY;

    if (p == NULL)
        return ERR_NO_MEMORY;
    p->fd = options->fd;
    p->ended = options->ended;
    p->context = options->context;
    p->lines = lines_new();
    if (p->lines == NULL)
        goto free_peer;
    p->watch =
        loop_watch_start(options->loop, p->fd, LOOP_READABLE, on_ready, p);
    if (p->watch == NULL)
        goto free_lines;
    e = conversation_open(options->sources, on_say, p, &p->talk);
    if (e != ERR_OK)
        goto stop_watch;
    if (options->privileged)
        conversation_privilege(p->talk);
    conversation_greet(p->talk);
    *out = p;
    return ERR_OK;

stop_watch:
    loop_watch_stop(p->watch);
free_lines:
    lines_free(p->lines);
free_peer:
    free(p);
    return e;
}

void peer_free(struct peer *p)
{
    if (p == NULL)
        return;
    conversation_close(p->talk);
    loop_watch_stop(p->watch);
    lines_free(p->lines);
    (void)close(p->fd);
    free(p->out);
    free(p);
}

void peer_tell_online(struct peer *p, bool online)
{
    conversation_tell_online(p->talk, online);
}
