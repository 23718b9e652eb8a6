/* surroundings.c */

#include "cloud/surroundings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"

#define MODULE "network"

struct surroundings {
    struct loop *loop;
    surroundings_callback *callback;
    void *context;
    int network, wake; /* -1: the system does not tell */
    struct loop_watch *network_watch, *wake_watch;
    struct loop_timer *settle; /* something happened */
    struct port_network last;
    int64_t slept_ms;
};

static bool came(const char *before, const char *after)
{
    return after[0] != '\0' && strcmp(before, after) != 0;
}

unsigned surroundings_compare(
    const struct port_network *before, const struct port_network *after)
{
    unsigned news = SURROUNDINGS_STIRRED;

    if (before->is_up != after->is_up ||
        strcmp(before->way_ipv4, after->way_ipv4) != 0 ||
        strcmp(before->way_ipv6, after->way_ipv6) != 0)
        news |= SURROUNDINGS_CHANGED;
    if (after->is_up &&
        (!before->is_up || came(before->way_ipv4, after->way_ipv4) ||
            came(before->way_ipv6, after->way_ipv6)))
        news |= SURROUNDINGS_CAME;
    return news;
}

/* --- the network --------------------------------------------------------- */

static void on_settled(void *context)
{
    struct surroundings *s = context;
    struct port_network now;
    unsigned news;

    s->settle = NULL;
    port_network_read(&now);
    news = surroundings_compare(&s->last, &now);
    if (news != SURROUNDINGS_STIRRED)
        log_info(MODULE, "changed up=%s ipv4=%s ipv6=%s",
            now.is_up ? "yes" : "no",
            now.way_ipv4[0] != '\0' ? now.way_ipv4 : "none",
            now.way_ipv6[0] != '\0' ? now.way_ipv6 : "none");
    s->last = now;
    s->callback(s->context, news);
}

static void on_network(void *context, unsigned events)
{
    struct surroundings *s = context;

    (void)events;
    port_network_drain(s->network);
    if (s->settle == NULL)
        s->settle =
            loop_timer_start(s->loop, SURROUNDINGS_SETTLE_MS, on_settled, s);
}

/* --- sleep --------------------------------------------------------------- */

static void on_wake(void *context, unsigned events)
{
    struct surroundings *s = context;
    int64_t before_ms = s->slept_ms;
    unsigned news = SURROUNDINGS_CLOCK;

    (void)events;
    port_wake_drain(s->wake);
    s->slept_ms = port_slept_ms();
    if (s->slept_ms - before_ms >= SURROUNDINGS_NAP_MS) {
        news |= SURROUNDINGS_SLEPT;
        log_info(MODULE, "this machine slept ms=%lld",
            (long long)(s->slept_ms - before_ms));
    }
    s->callback(s->context, news);
}

/* --- life ---------------------------------------------------------------- */

static void watch_network(struct surroundings *s)
{
    if (port_network_watch(&s->network) != ERR_OK)
        log_info(MODULE,
            "this system does not tell of changes of the network "
            "reason=\"%s\"; what they do to the connection is noticed by "
            "silence",
            strerror(errno));
    else
        s->network_watch =
            loop_watch_start(s->loop, s->network, LOOP_READABLE, on_network, s);
}

static void watch_sleep(struct surroundings *s)
{
    if (port_wake_watch(&s->wake) != ERR_OK)
        log_info(MODULE,
            "this system does not tell when it slept "
            "reason=\"%s\"; what that does to the connection is noticed by "
            "silence",
            strerror(errno));
    else
        s->wake_watch =
            loop_watch_start(s->loop, s->wake, LOOP_READABLE, on_wake, s);
}

enum err surroundings_watch(struct loop *loop, surroundings_callback *callback,
    void *context, struct surroundings **out)
{
    struct surroundings *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return ERR_NO_MEMORY;
    *s = (struct surroundings){.loop = loop,
        .callback = callback,
        .context = context,
        .network = -1,
        .wake = -1,
        .slept_ms = port_slept_ms()};
    watch_network(s);
    watch_sleep(s);
    if ((s->network >= 0 && s->network_watch == NULL) ||
        (s->wake >= 0 && s->wake_watch == NULL)) {
        surroundings_free(s);
        return ERR_NO_MEMORY;
    }
    port_network_read(&s->last);
    *out = s;
    return ERR_OK;
}

void surroundings_free(struct surroundings *s)
{
    if (s == NULL)
        return;
    loop_timer_cancel(s->settle);
    loop_watch_stop(s->network_watch);
    loop_watch_stop(s->wake_watch);
    if (s->network >= 0)
        (void)close(s->network);
    if (s->wake >= 0)
        (void)close(s->wake);
    free(s);
}
