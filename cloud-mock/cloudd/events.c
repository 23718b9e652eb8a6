/* events.c - a list of readers, each one stream. */

#include "cloudd/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloudd/fields.h"
#include "cloudd/secret.h"
#include "cloudd/store_accounts.h"
#include "core/log.h"
#include "ports/port.h"

struct reader {
    struct reader *next, **link;
    struct http_stream *stream;
    uint64_t began_ms;
    char session[SECRET_SIZE];
    char user[STORE_USER_SIZE];
};

struct events {
    struct loop *loop;
    struct loop_timer *ping;
    events_may_hear *may_hear;
    void *context;
    struct reader *first;
};

static void on_ping(void *context)
{
    struct events *e = context;
    struct json *data = json_new_object();
    uint64_t now_ms = loop_now_ms(e->loop);

    e->ping = loop_timer_start(e->loop, EVENTS_PING_MS, on_ping, e);
    for (struct reader *r = e->first; r != NULL; r = r->next) {
        if (now_ms - r->began_ms > EVENTS_LIFE_MS)
            http_stream_drop(r->stream);
    }
    events_send(e, "ping",
        fields_end(data, fields_number(data, "now", (double)port_wall_ms())));
}

struct events *events_new(
    struct loop *loop, events_may_hear *may_hear, void *context)
{
    struct events *e = calloc(1, sizeof(*e));

    if (e == NULL)
        return NULL;
    e->loop = loop;
    e->may_hear = may_hear;
    e->context = context;
    e->ping = loop_timer_start(loop, EVENTS_PING_MS, on_ping, e);
    if (e->ping == NULL) {
        free(e);
        return NULL;
    }
    return e;
}

void events_free(struct events *events)
{
    if (events == NULL)
        return;
    loop_timer_cancel(events->ping);
    free(events);
}

static void on_closed(void *context)
{
    struct reader *r = context;

    *r->link = r->next;
    if (r->next != NULL)
        r->next->link = r->link;
    free(r);
}

static bool has_room(const struct events *events, const char *session)
{
    unsigned all = 0, same = 0;

    for (struct reader *r = events->first; r != NULL; r = r->next) {
        all++;
        same += secret_equal(r->session, session);
    }
    return all < EVENTS_READERS_MOST && same < EVENTS_SESSION_MOST;
}

enum err events_join(struct events *events, struct http_request *request,
    const char *user, const char *session)
{
    static const char hello[] = "retry: 1000\nevent: ping\ndata: {}\n\n";
    struct reader *r;

    if (!has_room(events, session))
        return ERR_TOO_BIG;
    r = calloc(1, sizeof(*r));
    if (r == NULL)
        return ERR_NO_MEMORY;
    r->stream = http_stream_start(
        request, "text/event-stream", EVENTS_QUEUE_BYTES, on_closed, r);
    if (r->stream == NULL) {
        free(r);
        return ERR_NO_MEMORY;
    }
    (void)snprintf(r->user, sizeof(r->user), "%s", user);
    (void)snprintf(r->session, sizeof(r->session), "%s", session);
    r->began_ms = loop_now_ms(events->loop);
    r->link = &events->first;
    r->next = events->first;
    if (r->next != NULL)
        r->next->link = &r->next;
    events->first = r;
    http_stream_send(r->stream, hello, sizeof(hello) - 1);
    return ERR_OK;
}

void events_end_session(struct events *events, const char *session)
{
    for (struct reader *r = events->first; r != NULL; r = r->next) {
        if (secret_equal(r->session, session))
            http_stream_drop(r->stream);
    }
}

/* Who it is for: `user` alone, else whoever may hear of `thing`; neither:
 * everybody. */
struct audience {
    const char *user, *thing;
};

static bool is_for(const struct events *e, const struct reader *r,
    const char *name, const struct audience *a)
{
    if (a->user != NULL)
        return strcmp(a->user, r->user) == 0;
    return a->thing == NULL || e->may_hear(e->context, r->user, name, a->thing);
}

/* Takes `data`. */
static void send(struct events *events, const char *name, struct json *data,
    const struct audience *audience)
{
    char *text = data != NULL ? json_print(data) : NULL;
    size_t size = text != NULL ? strlen(text) + strlen(name) + 20 : 0;
    char *event = text != NULL ? malloc(size) : NULL;
    int len;

    if (event == NULL)
        log_error("events", "no memory: lost one event=%s", name);
    else {
        len = snprintf(event, size, "event: %s\ndata: %s\n\n", name, text);
        for (struct reader *r = events->first; r != NULL; r = r->next) {
            if (is_for(events, r, name, audience))
                http_stream_send(r->stream, event, (size_t)len);
        }
    }
    json_free(data);
    free(event);
    free(text);
}

void events_send(struct events *events, const char *name, struct json *data)
{
    struct audience a = {.thing = json_text(json_get(data, "thingName"))};

    send(events, name, data, &a);
}

void events_send_to(struct events *events, const char *user, const char *name,
    struct json *data)
{
    send(events, name, data, &(struct audience){.user = user});
}
