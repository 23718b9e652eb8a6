/* link_pump.c - one buffer each way.  A buffer is filled only when empty, but
 * then with all that is there: a PUBACK lies in a TLS record of its own, and
 * each write to Paho wakes it up.  A stream is written to again with the same
 * bytes after WANT_WRITE, as it demands. */

#include "cloud/link_pump.h"

#include <errno.h>
#include <limits.h>
#include <mbedtls/ssl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/packet_edge.h"

#define BUFFER_BYTES   16384
#define LAST_WORDS_MS  1000
#define ENDED(pump, e) ((pump)->ended = true, (pump)->end = (e))

struct flow {
    unsigned char bytes[BUFFER_BYTES];
    size_t len, sent;
};

struct pumping {
    struct link_pump *pump;
    struct flow up, down;    /* plain to TLS, TLS to plain */
    struct packet_edge edge; /* of what went up */
    bool up_blocked;         /* the TLS socket's buffer is full */
    bool up_dry;             /* all that Paho wrote was read */
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

    if (!is_empty(&p->up) || p->up_dry || p->ended)
        return false;
    got = recv(p->pump->plain, p->up.bytes, BUFFER_BYTES, 0);
    p->up_dry = got < BUFFER_BYTES; /* until poll(2) finds more, or the end */
    if (got > 0) {
        p->up.len = (size_t)got;
        p->up.sent = 0;
        packet_edge_pass(&p->edge, p->up.bytes, p->up.len);
        p->pump->said(p->pump->vigil);
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

/* True when there may be more behind it. */
static bool read_record(struct pumping *p)
{
    unsigned char *room = p->down.bytes + p->down.len;
    int got = p->pump->stream.read(
        p->pump->stream.context, room, BUFFER_BYTES - p->down.len);

    if (got > 0) {
        if (p->pump->greeting != NULL)
            link_greeting_note(p->pump->greeting, room, (size_t)got);
        p->down.len += (size_t)got;
        return p->down.len < BUFFER_BYTES;
    }
    if (got == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        return true;
    if (!is_patience(got))
        end_with_code(p, got);
    return false;
}

static bool read_tls(struct pumping *p)
{
    bool moved = false;

    if (!is_empty(&p->down) || p->ended)
        return false;
    p->down.len = p->down.sent = 0;
    while (read_record(p))
        moved = true;
    if (p->down.len > 0)
        p->pump->heard(p->pump->vigil);
    return moved || p->down.len > 0;
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

/* MQTT 5 section 3.12; Paho does not mind an answer that it did not ask for. */
static bool put_question(struct pumping *p)
{
    static const unsigned char pingreq[] = {0xC0, 0x00};

    if (!is_empty(&p->up) || !packet_edge_is_here(&p->edge))
        return false;
    memcpy(p->up.bytes, pingreq, sizeof(pingreq));
    p->up.len = sizeof(pingreq);
    p->up.sent = 0;
    p->pump->said(p->pump->vigil);
    return true;
}

/* True when there is something to do before the next wait. */
static bool look(struct pumping *p, int64_t *wait_ms)
{
    /* What lies here and is not taken is no silence of the peer's. */
    if (!is_empty(&p->down))
        p->pump->heard(p->pump->vigil);
    switch (p->pump->look(p->pump->vigil, wait_ms)) {
    case LINK_PUMP_GO_ON:
        return false;
    case LINK_PUMP_ASK:
        return put_question(p);
    case LINK_PUMP_END:
        ENDED(p, LINK_PUMP_DEAD);
        return true;
    }
    return false;
}

static void take_nudge(const struct link_pump *pump)
{
    uint64_t count;

    (void)!read(pump->nudge, &count, sizeof(count));
}

static int poll_ms(const struct pumping *p, int64_t wait_ms)
{
    if (!p->was_quiet && wait_ms > LINK_PUMP_QUIET_MS)
        return LINK_PUMP_QUIET_MS;
    return wait_ms > INT_MAX ? -1 : (int)wait_ms;
}

static void wait_for_work(struct pumping *p, int64_t wait_ms)
{
    const struct link_pump *pump = p->pump;
    bool blocked =
        p->up_blocked || pump->stream.is_blocked(pump->stream.context);
    int one = 1;
    struct pollfd fds[4] = {
        {.fd = pump->stop,  .events = POLLIN       },
        {.fd = pump->nudge, .events = POLLIN       },
        {.fd = pump->plain,
         .events = (short)((is_empty(&p->up) ? POLLIN : 0) |
                (is_empty(&p->down) ? 0 : POLLOUT))},
        {.fd = pump->tls,
         .events = (short)((is_empty(&p->down) ? POLLIN : 0) |
                (blocked ? POLLOUT : 0))           },
    };
    int timeout_ms = poll_ms(p, wait_ms);
    int ready;

    /* Linux forgets quick-ack mode by itself; a delayed ACK costs 40 ms. */
    (void)setsockopt(pump->tls, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
    ready = poll(fds, 4, timeout_ms);
    if (ready == 0 && !p->was_quiet && timeout_ms == LINK_PUMP_QUIET_MS) {
        p->was_quiet = true;
        pump->on_quiet(pump->context);
    }
    if (ready <= 0)
        return;
    if (fds[0].revents != 0)
        ENDED(p, LINK_PUMP_STOPPED);
    if (fds[1].revents != 0)
        take_nudge(pump);
    if (fds[2].revents != 0)
        p->up_dry = false;
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
        int64_t wait_ms;
        bool moved = read_plain(&p);

        moved |= write_tls(&p);
        moved |= read_tls(&p);
        moved |= write_plain(&p);
        if (!moved && !p.ended && !look(&p, &wait_ms))
            wait_for_work(&p, wait_ms);
    }
    say_last_words(&p);
    return p.end;
}
