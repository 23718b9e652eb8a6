/* session_move.c - from one identity to another. */

#include "cloud/session_inside.h"
#include "core/log.h"

void session_forget_trial(struct session *s)
{
    trial_free(s->trial);
    s->trial = NULL;
}

/* The broker has let go of the other connection, or is about to. */
static void on_accepted(void *context, bool session_present)
{
    struct session *s = context;
    const struct connection_events events = session_events(s);
    struct connection *moved = trial_take(s->trial, &events);
    bool was_online = s->state == SESSION_ONLINE;

    s->trial = NULL;
    session_drop(s);
    s->connection = moved;
    s->carried = (struct link_bytes){.in = 0};
    session_use(s, &s->tried_identity);
    log_info(SESSION_MODULE, "moved to another identity");
    session_step(s, SESSION_ON_MOVED);
    if (was_online)
        session_tell_listeners(s, false);
    events.connected(s, session_present);
    s->tried(s->tried_context, true, "", "");
}

static void on_refused(void *context, const struct verdict *verdict)
{
    struct session *s = context;
    const struct verdict kept = *verdict;

    session_forget_trial(s);
    s->tried(s->tried_context, false, kept.why, kept.detail);
}

enum err session_try(struct session *s, const struct session_identity *identity,
    session_trial_callback *tried, void *context)
{
    struct connection_options options = session_connection(s);
    const struct trial_events events = {on_accepted, on_refused, s};
    enum err e;

    if (s->trial != NULL || s->state >= SESSION_LEAVING)
        return ERR_AGAIN;
    options.link.chain = identity->chain;
    options.link.key = identity->key;
    options.link.tickets = NULL; /* the handshake itself is on trial */
    e = trial_start(&options, &events, &s->trial);
    if (e != ERR_OK)
        return e;
    s->tried_identity = *identity;
    s->tried = tried;
    s->tried_context = context;
    return ERR_OK;
}

void session_use(struct session *s, const struct session_identity *identity)
{
    s->options.link.chain = identity->chain;
    s->options.link.key = identity->key;
    s->options.link.tickets = identity->tickets;
    if (s->state == SESSION_WAITING && s->connection == NULL &&
        s->timer != NULL)
        session_set_timer(s, 0);
}

void session_on_end(
    struct session *s, session_end_callback *callback, void *context)
{
    s->end_heard = callback;
    s->end_context = context;
}
