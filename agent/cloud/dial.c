/* dial.c - the race: `fds` are open while their connections are being made. */

#include "cloud/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/addresses.h"
#include "cloud/lookup.h"
#include "ports/port.h"

_Static_assert(ADDRESSES_MOST <= WAITER_MOST, "all are waited for at once");

struct race {
    struct addresses addresses;
    struct pollfd fds[ADDRESSES_MOST];
    size_t begun;    /* addresses tried so far, in order */
    size_t open;     /* of these, still on their way */
    int64_t next_ms; /* when the next one's turn has come */
    int failed;      /* errno of the last that failed */
    size_t no_route; /* addresses that the system itself has no way to */
    bool refused;
    int winner; /* -1 until there is one */
};

static void lose(struct race *r, size_t i, int reason)
{
    (void)close(r->fds[i].fd);
    r->fds[i].fd = -1;
    r->open--;
    r->failed = reason;
    r->refused |= reason == ECONNREFUSED;
    r->next_ms = 0;
}

static void win(struct race *r, size_t i)
{
    r->winner = r->fds[i].fd;
    r->fds[i].fd = -1;
    r->open--;
}

static void begin_next(struct race *r)
{
    const struct address *address = &r->addresses.list[r->begun];
    size_t i = r->begun++;
    int one = 1, reason;
    int fd = socket(address->bytes.ss_family,
        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    r->fds[i] = (struct pollfd){.fd = fd, .events = POLLOUT};
    r->next_ms = port_monotonic_ms() + DIAL_STAGGER_MS;
    if (fd < 0) {
        r->failed = errno;
        return;
    }
    r->open++;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connect(fd, (const struct sockaddr *)&address->bytes, address->len) ==
        0) {
        win(r, i);
        return;
    }
    reason = errno;
    r->no_route += reason == ENETUNREACH || reason == EADDRNOTAVAIL;
    if (reason != EINPROGRESS)
        lose(r, i, reason);
}

static void look_at(struct race *r, size_t i)
{
    int reason = 0;
    socklen_t len = sizeof(reason);

    if (r->fds[i].fd < 0 || r->fds[i].revents == 0)
        return;
    if (getsockopt(r->fds[i].fd, SOL_SOCKET, SO_ERROR, &reason, &len) != 0)
        reason = errno;
    if (reason != 0)
        lose(r, i, reason);
    else if (r->winner < 0)
        win(r, i);
}

static enum err wait_a_while(const struct dial *dial, struct race *r)
{
    int64_t patience = WAITER_PATIENT;
    enum err e;

    if (r->begun < r->addresses.count)
        patience = r->next_ms - port_monotonic_ms();
    e = dial->waiter.wait(
        dial->waiter.context, r->fds, r->begun, patience > 0 ? patience : 0);
    for (size_t i = 0; i < r->begun && e == ERR_OK; i++)
        look_at(r, i);
    return e;
}

/* ERR_NOT_FOUND: every address has failed; else as the waiter. */
static enum err run(const struct dial *dial, struct race *r)
{
    enum err e = ERR_OK;

    while (e == ERR_OK && r->winner < 0) {
        bool is_turn = r->open == 0 || port_monotonic_ms() >= r->next_ms;

        if (r->begun < r->addresses.count && is_turn)
            begin_next(r);
        else if (r->open == 0)
            return ERR_NOT_FOUND;
        else
            e = wait_a_while(dial, r);
    }
    return e;
}

static enum err conclude(
    const struct dial *dial, const struct race *r, enum err e)
{
    bool is_ours = r->failed == EMFILE || r->failed == ENFILE ||
        r->failed == ENOBUFS || r->failed == ENOMEM;

    if (e == ERR_AGAIN)
        (void)snprintf(dial->why, dial->why_size,
            "%s port %u: no answer in time", dial->host, dial->port);
    if (e != ERR_NOT_FOUND)
        return e;
    (void)snprintf(dial->why, dial->why_size, "%s port %u: %s%s", dial->host,
        dial->port, strerror(r->failed),
        r->addresses.count > 1 ? " (the last of its addresses)" : "");
    return is_ours ? ERR_IO : ERR_AGAIN;
}

static enum dial_sign sign_of(const struct race *r)
{
    if (r->refused)
        return DIAL_REFUSED;
    return r->no_route > 0 && r->no_route == r->addresses.count ? DIAL_NO_ROUTE
                                                                : DIAL_NO_SIGN;
}

enum err dial_host(const struct dial *dial, int *fd)
{
    const struct lookup lookup = {.host = dial->host,
        .port = dial->port,
        .waiter = dial->waiter,
        .why = dial->why,
        .why_size = dial->why_size};
    struct race r = {.winner = -1};
    enum err e = lookup_host(&lookup, &r.addresses);

    if (e != ERR_OK)
        return e;
    addresses_interleave(&r.addresses, dial->family);
    e = run(dial, &r);
    for (size_t i = 0; i < r.begun; i++)
        if (r.fds[i].fd >= 0)
            (void)close(r.fds[i].fd);
    if (r.winner >= 0) {
        *fd = r.winner;
        return ERR_OK;
    }
    if (dial->sign != NULL)
        *dial->sign = sign_of(&r);
    return conclude(dial, &r, e);
}
