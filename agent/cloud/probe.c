/* probe.c - plays Paho's part at the link's door, and says nothing. */

#include "cloud/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/loop.h"
#include "ports/port.h"

/* A server that does not like our certificate hangs up within this time; one
 * that does waits for our CONNECT. */
#define REFUSAL_MS 300

struct probing {
    struct loop *loop;
    struct link *link; /* NULL once it ended */
    struct loop_timer *patience;
    struct probe_result *result;
};

static void on_patience(void *context)
{
    struct probing *p = context;

    p->patience = NULL;
    p->result->good = true;
    loop_stop(p->loop);
}

static void on_up(void *context)
{
    struct probing *p = context;

    p->patience = loop_timer_start(p->loop, REFUSAL_MS, on_patience, p);
    if (p->patience == NULL)
        loop_stop(p->loop);
}

static void on_down(void *context, const struct link_end *end)
{
    struct probing *p = context;

    p->link = NULL;
    p->result->reason = end->reason;
    (void)snprintf(
        p->result->detail, sizeof(p->result->detail), "%s", end->detail);
    loop_stop(p->loop);
}

static enum err knock(uint16_t port, int *fd)
{
    const struct sockaddr_in door = {.sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    *fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return ERR_IO;
    if (connect(*fd, (const struct sockaddr *)&door, sizeof(door)) == 0)
        return ERR_OK;
    (void)close(*fd);
    return ERR_IO;
}

static void on_look(void *context)
{
    loop_stop(((struct probing *)context)->loop);
}

/* What the link borrowed is ours again when its thread is gone. */
static void wait_for_thread(struct probing *p)
{
    while (
        link_threads() > 0 && loop_timer_start(p->loop, 10, on_look, p) != NULL)
        loop_run(p->loop);
}

static enum err run(struct probing *p, const struct link_options *options)
{
    const struct link_events events = {
        .up = on_up, .down = on_down, .context = p};
    int fd;
    enum err e = link_start(p->loop, options, &events, &p->link);

    if (e != ERR_OK)
        return e;
    e = knock(link_port(p->link), &fd);
    if (e == ERR_OK) {
        loop_run(p->loop);
        (void)close(fd);
    }
    loop_timer_cancel(p->patience);
    link_stop(p->link);
    wait_for_thread(p);
    return e;
}

enum err probe_server(
    const struct link_options *options, struct probe_result *out)
{
    int64_t began_ms = port_monotonic_ms();
    struct probing p = {.loop = loop_new(), .result = out};
    enum err e;

    *out = (struct probe_result){.good = false};
    if (p.loop == NULL)
        return ERR_NO_MEMORY;
    e = run(&p, options);
    out->took_ms = (uint32_t)(port_monotonic_ms() - began_ms);
    loop_free(p.loop);
    return e;
}
