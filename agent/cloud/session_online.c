/* session_online.c */

#include "cloud/session_inside.h"

#include "core/log.h"
#include "ports/port.h"

void session_subscribe_all(struct session *s)
{
    filters_forget(s->remembered);
    connection_subscribe(s->connection, s->filters.texts, s->filters.count);
}

void session_tell_listeners(struct session *s, bool online)
{
    for (size_t i = 0; i < s->listener_count; i++)
        s->listeners[i].callback(
            s->listeners[i].context, online, s->session_present);
}

void session_go_online(struct session *s)
{
    struct pace_limits pace = pace_limits_for(
        connection_broker(s->connection)->host, &s->options.pace);

    postroom_pace(s->postroom, &pace);
    s->connections++;
    version_settle(&s->version);
    s->since_ms = port_wall_ms();
    s->verdict = (struct verdict){.why = NULL};
    session_watch_stability(s);
    log_info(SESSION_MODULE, "online thing=%s mqtt=%s session=%s",
        s->options.thing, s->version.five ? "5" : "3.1.1",
        s->session_present ? "kept" : "new");
    if (!session_say_online(s))
        log_debug(SESSION_MODULE, "status was not sent");
    session_begin_count(s);
    session_tell_listeners(s, true);
    if (session_mqtt(s) != NULL)
        postroom_open(s->postroom, session_mqtt(s));
}
