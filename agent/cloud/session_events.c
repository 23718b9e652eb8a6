/* session_events.c */

#include "cloud/session_inside.h"

#include "core/log.h"

static void on_connected(void *context, bool session_present)
{
    struct session *s = context;

    s->session_present = session_present;
    if (s->filters.count == 0 ||
        (session_present && filters_are_remembered(&s->filters, s->remembered)))
        session_step(s, SESSION_ON_CONNECTED);
    else
        session_step(s, SESSION_ON_FRESH);
}

static void on_subscribed(void *context)
{
    struct session *s = context;

    filters_remember(&s->filters, s->remembered);
    session_step(s, SESSION_ON_SUBSCRIBED);
}

static void on_published(void *context, uint64_t token, bool accepted)
{
    struct session *s = context;

    if (token == SESSION_GOODBYE)
        session_step(s, SESSION_ON_TIMER);
    else if (token != SESSION_IMMEDIATE)
        postroom_answered(s->postroom, token, accepted);
    else if (!accepted)
        log_warning(SESSION_MODULE, "the broker refused a message");
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct session *s = context;
    const struct session_message in = {
        message->topic, message->payload, message->len, message->retain};

    if (!filters_route(&s->filters, &in))
        log_debug(SESSION_MODULE, "nobody wants topic=%s", message->topic);
}

static void on_ended(void *context, const struct verdict *verdict)
{
    struct session *s = context;

    struct verdict noted = *verdict;

    if (s->trial != NULL)
        verdict_note_trial(&noted);
    else if (s->state == SESSION_ONLINE)
        s->short_lives = s->stable != NULL ? s->short_lives + 1 : 0;
    verdict_note_short_lives(&noted, s->short_lives);
    version_learn(&s->version, verdict);
    session_note_verdict(s, &noted);
    session_step(s, SESSION_ON_ENDED);
    if (s->end_heard != NULL && s->state == SESSION_WAITING)
        s->end_heard(s->end_context, s->verdict.why);
}

struct connection_events session_events(struct session *s)
{
    return (struct connection_events){
        on_connected, on_subscribed, on_published, on_message, on_ended, s};
}
