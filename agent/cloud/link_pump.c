/* link_pump.c - one buffer each way.  A buffer is filled only when empty, and
 * a stream is written to again with the same bytes after WANT_WRITE, as
 * it demands. */

#include "cloud/link_pump.h"

#include <errno.h>
#include <mbedtls/ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#define BUFFER_BYTES   16384
#define LAST_WORDS_MS  1000
#define ENDED(pump, e) ((pump)->ended = true, (pump)->end = (e))

struct flow {
    unsigned char bytes[BUFFER_BYTES];
    size_t len, sent;
};

struct pumping {
    struct link_pump *pump;
    struct flow up, down; /* plain to TLS, TLS to plain */
    bool up_blocked;      /* the TLS socket's buffer is full */
    bool was_quiet;
    bool ended;
    enum link_pump_end end;
};

static bool is_empty(const struct flow *f)
{
    return f->sent == f->len;
}

static void end_with_code(struct pumping *p, int code)
{
    p->pump->code = code;
    if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        ENDED(p, LINK_PUMP_TLS_CLOSED);
    else if (code == 0 || code == MBEDTLS_ERR_SSL_CONN_EOF)
        ENDED(p, LINK_PUMP_TLS_CUT);
    else
        ENDED(p, LINK_PUMP_TLS_ERROR);
}

static bool is_patience(int code)
{
    return code == MBEDTLS_ERR_SSL_WANT_READ ||
        code == MBEDTLS_ERR_SSL_WANT_WRITE ||
        code == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
}

/* Each of the four returns true when it moved something. */
static bool read_plain(struct pumping *p)
{
    ssize_t got;

    if (!is_empty(&p->up) || p->ended)
        return false;
    got = recv(p->pump->plain, p->up.bytes, BUFFER_BYTES, 0);
    if (got > 0) {
        p->up.len = (size_t)got;
        p->up.sent = 0;
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
        ENDED(p, LINK_PUMP_PLAIN_CLOSED);
    return false;
}

static bool write_tls(struct pumping *p)
{
    int done;

    p->up_blocked = false;
    if (is_empty(&p->up) || p->ended)
        return false;
    done = p->pump->stream.write(p->pump->stream.context,
        p->up.bytes + p->up.sent, p->up.len - p->up.sent);
    if (done > 0) {
        p->up.sent += (size_t)done;
        return true;
    }
    if (is_patience(done))
        p->up_blocked = true;
    else
        end_with_code(p, done);
    return false;
}

static bool read_tls(struct pumping *p)
{
    int got;

    if (!is_empty(&p->down) || p->ended)
        return false;
    got = p->pump->stream.read(
        p->pump->stream.context, p->down.bytes, BUFFER_BYTES);
    if (got > 0) {
        if (p->pump->greeting != NULL)
            link_greeting_note(p->pump->greeting, p->down.bytes, (size_t)got);
        p->down.len = (size_t)got;
        p->down.sent = 0;
        return true;
    }
    if (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return true;
    if (!is_patience(got))
        end_with_code(p, got);
    return false;
}

static bool write_plain(struct pumping *p)
{
    ssize_t done;

    if (is_empty(&p->down))
        return false;
    done = send(p->pump->plain, p->down.bytes + p->down.sent,
        p->down.len - p->down.sent, MSG_NOSIGNAL);
    if (done > 0) {
        p->down.sent += (size_t)done;
        return true;
    }
    if (done < 0 && errno != EAGAIN && errno != EINTR) {
        p->down.sent = p->down.len;
        if (!p->ended)
            ENDED(p, LINK_PUMP_PLAIN_CLOSED);
    }
    return false;
}

static void wait_for_work(struct pumping *p)
{
    const struct link_pump *pump = p->pump;
    bool blocked =
        p->up_blocked || pump->stream.is_blocked(pump->stream.context);
    int one = 1;
    struct pollfd fds[3] = {
        {.fd = pump->stop,  .events = POLLIN       },
        {.fd = pump->plain,
         .events = (short)((is_empty(&p->up) ? POLLIN : 0) |
                (is_empty(&p->down) ? 0 : POLLOUT))},
        {.fd = pump->tls,
         .events = (short)((is_empty(&p->down) ? POLLIN : 0) |
                (blocked ? POLLOUT : 0))           },
    };

    /* Linux forgets quick-ack mode by itself; a delayed ACK costs 40 ms. */
    (void)setsockopt(pump->tls, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
    switch (poll(fds, 3, p->was_quiet ? -1 : LINK_PUMP_QUIET_MS)) {
    case 0:
        p->was_quiet = true;
        pump->on_quiet(pump->context);
        break;
    case 1:
    case 2:
    case 3:
        if (fds[0].revents != 0)
            ENDED(p, LINK_PUMP_STOPPED);
        break;
    default:
        break;
    }
}

/* The broker's last packet (a refusal, say) must reach Paho before the end. */
static void say_last_words(struct pumping *p)
{
    struct pollfd plain = {.fd = p->pump->plain, .events = POLLOUT};

    while (!is_empty(&p->down) && poll(&plain, 1, LAST_WORDS_MS) > 0)
        (void)write_plain(p);
}

enum link_pump_end link_pump_run(struct link_pump *pump)
{
    struct pumping p = {.pump = pump, .was_quiet = pump->on_quiet == NULL};

    pump->code = 0;
    while (!p.ended) {
        bool moved = read_plain(&p);

        moved |= write_tls(&p);
        moved |= read_tls(&p);
        moved |= write_plain(&p);
        if (!moved && !p.ended)
            wait_for_work(&p);
    }
    say_last_words(&p);
    return p.end;
}
