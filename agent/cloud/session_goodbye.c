/* session_goodbye.c */

#include "cloud/session_inside.h"

#include "core/log.h"

#define GOODBYE_MS 1000 /* for the PUBACK of our last words */

/* Our last words must be acknowledged before DISCONNECT: Paho would hold it
 * back for a second or more while something is in flight. */
void session_say_goodbye(struct session *s)
{
    loop_timer_cancel(s->stable);
    s->stable = NULL;
    postroom_shut(s->postroom);
    session_set_timer(s, GOODBYE_MS);
    if (!session_say_presence(s, SESSION_GOODBYE, "\"reason\":\"stopped\""))
        session_step(s, SESSION_ON_TIMER);
}

void session_disconnect(struct session *s)
{
    session_set_timer(s, GOODBYE_MS);
    connection_close(s->connection);
}

void session_end(struct session *s)
{
    loop_callback *closed = s->closed;

    session_drop(s);
    if (outbox_needs_commit(s->options.outbox) &&
        outbox_commit(s->options.outbox) != ERR_OK)
        log_error(
            SESSION_MODULE, "the outbox could not be committed at the end");
    s->closed = NULL;
    if (closed != NULL)
        closed(s->closed_context);
}
