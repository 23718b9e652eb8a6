/* session.c - one connection after the other, for ever. */

#include "cloud/session_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "ports/port.h"

#define REMEMBERED "subscriptions"

struct mqtt *session_mqtt(const struct session *s)
{
    return s->connection != NULL ? connection_mqtt(s->connection) : NULL;
}

void session_note_verdict(struct session *s, const struct verdict *verdict)
{
    bool changed = s->verdict.why == NULL ||
        strcmp(s->verdict.why, verdict->why) != 0 ||
        strcmp(s->verdict.detail, verdict->detail) != 0;

    if (changed && s->state != SESSION_CLOSING)
        log_warning(SESSION_MODULE, "offline why=%s detail=\"%s\"",
            verdict->why, verdict->detail);
    s->verdict = *verdict;
}

void session_step(struct session *s, enum session_event event)
{
    enum session_state before = s->state;

    s->state = session_state_next(before, event);
    if (s->state == before)
        return;
    log_debug(SESSION_MODULE, "state from=%s to=%s", session_state_name(before),
        session_state_name(s->state));
    switch (s->state) {
    case SESSION_WAITING:
        session_wait(s, before == SESSION_ONLINE);
        break;
    case SESSION_CONNECTING:
        if (s->connection == NULL) /* else we have moved */
            session_dial(s);
        break;
    case SESSION_SUBSCRIBING:
        session_subscribe_all(s);
        break;
    case SESSION_ONLINE:
        session_go_online(s);
        break;
    case SESSION_LEAVING:
        session_say_goodbye(s);
        break;
    case SESSION_CLOSING:
        session_disconnect(s);
        break;
    case SESSION_CLOSED:
        session_end(s);
        break;
    }
}

/* --- the public face
 * ---------------------------------------------------------- */

enum err session_new(
    const struct session_options *options, struct session **out)
{
    struct session *s = calloc(1, sizeof(*s));
    enum err e;

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->options = *options;
    s->state = SESSION_WAITING;
    s->version =
        (struct version){.five = options->protocol != SESSION_MQTT_3_1_1,
            .fixed = options->protocol != SESSION_AUTO};
    s->home = options->link.brokers;
    s->retry = retry_begin(options->thing);
    s->verdict = (struct verdict){
        .why = "starting", .detail = "the first connection is being made"};
    s->since_ms = port_wall_ms();
    (void)snprintf(s->status_topic, sizeof(s->status_topic),
        "nameplate/%s/status", options->thing);
    if (snprintf(s->remembered, sizeof(s->remembered), "%s/" REMEMBERED,
            options->folder) >= (int)sizeof(s->remembered)) {
        e = ERR_TOO_BIG;
        goto free_session;
    }
    e = postroom_new(options->loop, options->outbox, options->budget,
        options->thing, &s->postroom);
    if (e != ERR_OK)
        goto free_session;
    *out = s;
    return ERR_OK;

free_session:
    free(s);
    return e;
}

void session_start(struct session *s)
{
    session_step(s, SESSION_ON_TIMER);
}

void session_close(struct session *s, loop_callback *closed, void *context)
{
    s->closed = closed;
    s->closed_context = context;
    session_forget_trial(s);
    session_step(s, SESSION_ON_CLOSE);
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    session_forget_trial(s);
    session_drop(s);
    postroom_free(s->postroom);
    filters_clear(&s->filters);
    filters_clear(&s->expected);
    free(s);
}

enum err session_subscribe(struct session *s, const char *filter,
    session_message_callback *callback, void *context)
{
    return filters_add(&s->filters, filter, callback, context);
}

enum err session_expect(struct session *s, const char *filter,
    session_message_callback *callback, void *context)
{
    return filters_add(&s->expected, filter, callback, context);
}

enum err session_on_state(
    struct session *s, session_state_callback *callback, void *context)
{
    if (s->listener_count == SESSION_LISTENERS)
        return ERR_TOO_BIG;
    s->listeners[s->listener_count++] =
        (struct session_listener){callback, context};
    return ERR_OK;
}

enum err session_publish(
    struct session *s, const char *topic, const void *payload, size_t len)
{
    const struct mqtt_message message = {
        .topic = topic, .payload = payload, .len = len};
    enum err e;

    if (s->state != SESSION_ONLINE || session_mqtt(s) == NULL)
        return ERR_AGAIN;
    postroom_note_other(s->postroom, len);
    e = mqtt_publish(session_mqtt(s), SESSION_IMMEDIATE, &message);
    return e == ERR_IO ? ERR_AGAIN : e;
}

enum err session_send(struct session *s, const struct session_letter *letter)
{
    return postroom_take(s->postroom, letter);
}

uint64_t session_next_seq(const struct session *s)
{
    return outbox_next_id(s->options.outbox);
}
