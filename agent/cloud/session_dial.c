/* session_dial.c */

#include "cloud/session_inside.h"

#include "ports/port.h"

#define EXPIRY_S 3600 /* AWS IoT keeps a session as long by default */

struct connection_options session_connection(const struct session *s)
{
    static const char will[] =
        "{\"online\":false,\"reason\":\"connection lost\"}";

    return (struct connection_options){
        .loop = s->options.loop,
        .room = s->options.room,
        .link = s->options.link,
        .mqtt = {.client_id = s->options.thing,
                 .version_5 = s->version.five,
                 .keep_alive_s = s->options.keep_alive_s,
                 .session_expiry_s = EXPIRY_S,
                 .will = {.topic = s->status_topic,
                .payload = will,
                .len = sizeof(will) - 1,
                .retain = !s->without_retain},
                 .puback_ms = s->options.puback_ms}
    };
}

static enum err start_connection(struct session *s)
{
    const struct connection_options options = session_connection(s);
    const struct connection_events events = session_events(s);

    return connection_start(&options, &events, &s->connection);
}

void session_dial(struct session *s)
{
    static const struct verdict local = {
        .why = "local", .detail = "no connection could be begun; see the log"};

    struct verdict spent;

    if (session_is_spent(s) || s->was_spent) {
        spent = session_budget_verdict(s);
        session_note_verdict(s, &spent);
        outage_note(&s->outage, &spent, port_wall_ms());
        session_step(s, SESSION_ON_ENDED);
        return;
    }
    s->carried = (struct link_bytes){.in = 0};
    if (start_connection(s) == ERR_OK)
        return;
    session_note_verdict(s, &local);
    outage_note(&s->outage, &local, port_wall_ms());
    session_step(s, SESSION_ON_ENDED);
}

void session_drop(struct session *s)
{
    struct link_bytes bytes;

    session_clear_timers(s);
    postroom_shut(s->postroom);
    if (s->connection == NULL)
        return;
    session_end_count(s);
    session_count(s);
    bytes = connection_bytes(s->connection);
    s->past.in += bytes.in;
    s->past.out += bytes.out;
    session_choose_brokers(s, connection_next_route(s->connection));
    connection_free(s->connection);
    s->connection = NULL;
}
