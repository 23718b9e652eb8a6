/* link.c - a link's life: try the brokers in turn, be up, end.
 *
 * Two owners: the loop's side and the link's thread.  The thread works on its
 * own copy of nothing but pointers that outlive it, and ends by posting
 * `finish`, which joins it and frees the link.  `stopped` belongs to the loop
 * alone; it is what makes link_stop silent. */

#include "cloud/link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/link_guard.h"
#include "cloud/link_inside.h"
#include "cloud/link_vigil.h"
#include "core/log.h"
#include "ports/port.h"

#define ALPN_PORT 443
#define ALPN_NAME "x-amzn-mqtt-ca" /* AWS IoT, MQTT with a certificate */

static atomic_uint threads;

void link_because(
    struct link *link, enum link_reason reason, const char *format, ...)
{
    va_list args;

    link->reason = reason;
    va_start(args, format);
    (void)vsnprintf(link->detail, sizeof(link->detail), format, args);
    va_end(args);
}

const struct broker *link_broker(const struct link *link)
{
    return &link->options.brokers->list[link->route.broker];
}

/* --- one broker after the other ------------------------------------------ */

static void hang_up(struct link *link)
{
    if (link->socket >= 0)
        (void)close(link->socket);
    link->socket = -1;
    link->broken = 0;
}

static enum err reach_and_secure(struct link *link)
{
    hang_up(link);
    link->deaf = false;
    link->bytes_before = atomic_load(&link->bytes_in);
    link->intake_at = link->intake_len = 0;
    link->check = (struct trust_check){
        .trust = link->options.trust, .host = link_broker(link)->host};
    link_because(link, LINK_CLOSED, "closed by us");
    return link_reach(link) == ERR_OK ? link_secure(link) : ERR_OK;
}

/* Once more where all that was wrong is what we offered. */
static enum err reach_as_it_wants(struct link *link)
{
    enum err e = reach_and_secure(link);

    if (e != ERR_CONFLICT)
        return e;
    link->without_pss = true;
    return reach_and_secure(link);
}

static void try_broker(struct link *link)
{
    bool wants_alpn =
        link_broker(link)->port == ALPN_PORT && !link->options.websocket;

    link->alpn[0] = wants_alpn ? ALPN_NAME : NULL;
    link->deadline_ms = port_monotonic_ms() + link->options.timeout_ms;
    link->resumes = link->options.tickets != NULL;
    link->resumed_in_vain = false;
    link->without_pss = false;
    if (reach_as_it_wants(link) != ERR_AGAIN)
        return;
    log_info(LINK_MODULE,
        "the handshake with a kept TLS session failed, now without "
        "detail=\"%s\"",
        link->detail);
    link->resumed_in_vain = true;
    link->resumes = false;
    (void)reach_as_it_wants(link); /* says ERR_AGAIN only when it resumes */
}

/* Would another broker help? */
static bool is_over(const struct link *link)
{
    return link->up || link->reason == LINK_CLOSED ||
        link->reason == LINK_KEY || link->reason == LINK_LOCAL;
}

/* Each has failed in a way of its own; the log has all of them, and the last
 * one's stands for the link. */
static void note_failure(struct link *link)
{
    const struct broker *broker = link_broker(link);
    char detail[sizeof(link->detail)];

    (void)snprintf(detail, sizeof(detail), "%s", link->detail);
    log_info(LINK_MODULE, "no way to broker=%s:%u why=%s detail=\"%s\"",
        broker->host, broker->port, link_reason_name(link->reason), detail);
    link_because(link, link->reason, "%s:%u, the last of %zu brokers: %.300s",
        broker->host, broker->port, link->options.brokers->count, detail);
}

static void try_brokers(struct link *link)
{
    size_t count = link->options.brokers->count;

    link->route.broker = link->options.last.broker % count;
    for (size_t tried = 1;; tried++) {
        try_broker(link);
        if (is_over(link) || count == 1)
            return;
        note_failure(link);
        if (tried == count)
            return;
        link->route.broker = (link->route.broker + 1) % count;
    }
}

/* --- life ---------------------------------------------------------------- */

static void close_all(struct link *link)
{
    const int fds[] = {
        link->listener, link->plain, link->socket, link->stop, link->nudge};

    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

static void on_up(void *context)
{
    struct link *link = context;

    link->told_up = true;
    if (!link->stopped)
        link->events.up(link->events.context);
}

enum err link_tell_up(struct link *link)
{
    return loop_post(link->loop, on_up, link);
}

/* On the loop: the thread has said its last word. */
static void finish(void *context)
{
    struct link *link = context;
    const struct link_end end = {link->reason, link->detail};

    (void)pthread_join(link->thread, NULL);
    atomic_fetch_sub(&threads, 1);
    close_all(link);
    if (!link->stopped) {
        link_vigil_remember(link, true);
        link->events.down(link->events.context, &end);
    }
    free(link);
}

/* Before anybody is called: without its key a device has nothing to say. */
static bool has_key(struct link *link)
{
    char why[KEY_WHY];

    if (key_ready(link->options.key, link->options.chain, why) == ERR_OK)
        return true;
    link_because(link, LINK_KEY, "%s", why);
    return false;
}

static void explain_displacement(struct link *link)
{
    char text[INET6_ADDRSTRLEN] = "?";

    if (!atomic_load(&link->is_displaced))
        return;
    (void)getnameinfo((const struct sockaddr *)&link->local,
        sizeof(link->local), text, sizeof(text), NULL, 0, NI_NUMERICHOST);
    link_because(link, LINK_INTERFACE,
        "the address %s that the connection used is gone, or its interface is "
        "down",
        text);
}

static void *run(void *context)
{
    struct link *link = context;

    port_name_thread("nameplate_link");
    if (has_key(link))
        try_brokers(link);
    explain_displacement(link);
    /* Paho learns of the end at once; the descriptors stay ours until the
     * loop has joined this thread. */
    if (link->plain >= 0)
        (void)shutdown(link->plain, SHUT_RDWR);
    if (loop_post(link->loop, finish, link) != ERR_OK)
        log_error(LINK_MODULE, "out of memory: a link is never freed");
    return NULL;
}

enum err link_start(struct loop *loop, const struct link_options *options,
    const struct link_events *events, struct link **out)
{
    struct link *link = calloc(1, sizeof(*link));
    enum err e;

    if (link == NULL)
        return ERR_NO_MEMORY;
    link->loop = loop;
    link->options = *options;
    link->brokers = *options->brokers;
    link->options.brokers = &link->brokers;
    link->events = *events;
    link->listener = link->plain = link->socket = -1;
    link->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link->nudge = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    link_vigil_prepare(link);
    if (link->stop < 0 || link->nudge < 0) {
        log_error(LINK_MODULE, "no descriptor reason=\"%s\"", strerror(errno));
        e = ERR_IO;
        goto close_all;
    }
    e = link_guard_listen(&link->listener, &link->port);
    if (e != ERR_OK)
        goto close_all;
    atomic_fetch_add(&threads, 1);
    if (pthread_create(&link->thread, NULL, run, link) != 0) {
        log_error(LINK_MODULE, "no thread");
        e = ERR_IO;
        goto uncount;
    }
    *out = link;
    return ERR_OK;

uncount:
    atomic_fetch_sub(&threads, 1);
close_all:
    close_all(link);
    free(link);
    return e;
}

uint16_t link_port(const struct link *link)
{
    return link->port;
}

uint32_t link_patience_ms(const struct link_options *options)
{
    return options->timeout_ms * (uint32_t)options->brokers->count;
}

struct link_route link_route(const struct link *link)
{
    return link->route;
}

struct link_bytes link_bytes(const struct link *link)
{
    struct link_bytes b = {.in = atomic_load(&link->bytes_in),
        .out = atomic_load(&link->bytes_out)};

    link_estimate(&b, atomic_load(&link->packets_in),
        atomic_load(&link->packets_out), link->options.last.family);
    return b;
}

void link_end_soon(struct link *link)
{
    const uint64_t one = 1;

    atomic_store(&link->must_end, true);
    if (write(link->stop, &one, sizeof(one)) < 0)
        log_error(LINK_MODULE, "cannot stop reason=\"%s\"", strerror(errno));
}

const unsigned char *link_first_bytes(const struct link *link, size_t *len)
{
    *len = atomic_load(&link->greeting.len);
    return link->greeting.bytes;
}

void link_stop(struct link *link)
{
    if (link == NULL)
        return;
    if (!link->stopped)
        link_vigil_remember(link, false);
    link->stopped = true;
    link_end_soon(link);
}

unsigned link_threads(void)
{
    return atomic_load(&threads);
}
