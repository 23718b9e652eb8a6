/* link_wait.c - the one place where a link's thread sleeps before it is up. */

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "cloud/link_guard.h"
#include "cloud/link_inside.h"
#include "ports/port.h"

#define OURS 2 /* descriptors that are always waited for */

static void welcome_paho(struct link *link)
{
    if (link_guard_accept(link->listener, &link->plain) != ERR_OK)
        return;
    (void)close(link->listener);
    link->listener = -1;
}

static int least_ms(int64_t left, int64_t at_most)
{
    int64_t ms = left < at_most ? left : at_most;

    return ms < INT_MAX ? (int)ms : INT_MAX;
}

static enum err wait_for(
    void *context, struct pollfd *wanted, size_t count, int64_t at_most_ms)
{
    struct link *link = context;
    struct pollfd fds[OURS + WAITER_MOST] = {
        {.fd = link->stop,     .events = POLLIN},
        {.fd = link->listener, .events = POLLIN},
    };
    int64_t left = link->deadline_ms - port_monotonic_ms();

    if (left <= 0)
        return ERR_AGAIN;
    for (size_t i = 0; i < count; i++)
        fds[OURS + i] = wanted[i];
    if (poll(fds, OURS + count, least_ms(left, at_most_ms)) < 0 &&
        errno != EINTR)
        return ERR_IO;
    if (fds[0].revents != 0)
        return ERR_DENIED;
    if (fds[1].revents != 0)
        welcome_paho(link);
    for (size_t i = 0; i < count; i++)
        wanted[i].revents = fds[OURS + i].revents;
    return ERR_OK;
}

struct waiter link_waiter(struct link *link)
{
    return (struct waiter){wait_for, link};
}

enum err link_wait_for_paho(struct link *link)
{
    enum err e = ERR_OK;

    while (e == ERR_OK && link->plain < 0)
        e = wait_for(link, NULL, 0, WAITER_PATIENT);
    return e;
}

enum err link_wait_for_socket(struct link *link, short events)
{
    struct pollfd fd = {.fd = link->socket, .events = events};
    enum err e = ERR_OK;

    if ((events & POLLIN) != 0 && link_bio_has_more(link))
        return ERR_OK;
    while (e == ERR_OK && fd.revents == 0)
        e = wait_for(link, &fd, 1, WAITER_PATIENT);
    return e;
}
