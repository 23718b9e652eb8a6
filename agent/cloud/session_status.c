/* session_status.c */

#include "cloud/session_inside.h"

struct session_status session_status(const struct session *s)
{
    struct outbox_figures outbox = outbox_figures(s->options.outbox);
    struct link_bytes now = {.in = 0};
    uint64_t at = loop_now_ms(s->options.loop);

    if (s->connection != NULL)
        now = connection_bytes(s->connection);
    return (struct session_status){
        .online = s->state == SESSION_ONLINE,
        .why = s->state == SESSION_ONLINE ? NULL : s->verdict.why,
        .detail = s->state == SESSION_ONLINE ? NULL : s->verdict.detail,
        .since_ms = s->since_ms,
        .next_try_ms = s->state == SESSION_WAITING && s->next_try_at_ms > at
            ? (int64_t)(s->next_try_at_ms - at)
            : 0,
        .outage = &s->outage,
        .outbox = outbox,
        .bytes_in = s->past.in + now.in,
        .bytes_out = s->past.out + now.out,
        .connections = s->connections,
        .no_suback = s->no_suback,
        .no_puback = s->no_puback,
    };
}
