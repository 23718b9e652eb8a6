/* session_events.c */

#include "cloud/session_inside.h"

#include <string.h>

#include "core/log.h"
#include "ports/port.h"

static void on_connected(void *context, bool session_present)
{
    struct session *s = context;

    s->session_present = session_present;
    s->filters.broker = connection_broker(s->connection)->host;
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

    postroom_note_other(s->postroom, message->len);
    if (!filters_route(&s->filters, &in) && !filters_route(&s->expected, &in))
        log_debug(SESSION_MODULE, "nobody wants topic=%s", message->topic);
}

static void on_ended(void *context, const struct verdict *verdict)
{
    struct session *s = context;
    struct verdict noted =
        session_is_spent(s) ? session_budget_verdict(s) : *verdict;

    if (s->trial != NULL)
        verdict_note_trial(&noted);
    else if (s->state == SESSION_ONLINE)
        retry_note_life(&s->retry, s->stable == NULL, &noted);
    session_heed_hint(s, &noted);
    retry_note_end(&s->retry, &noted);
    s->without_retain |= noted.no_retain;
    s->no_suback += strcmp(noted.why, "no_suback") == 0;
    s->no_puback += strcmp(noted.why, "no_puback") == 0;
    version_learn(&s->version, verdict);
    session_note_verdict(s, &noted);
    outage_note(&s->outage, &noted, port_wall_ms());
    session_step(s, SESSION_ON_ENDED);
    if (s->end_heard != NULL && s->state == SESSION_WAITING)
        s->end_heard(s->end_context, s->verdict.why);
}

struct connection_events session_events(struct session *s)
{
    return (struct connection_events){
        on_connected, on_subscribed, on_published, on_message, on_ended, s};
}
