/* session_inside.h - what the files session*.c share; for nobody else.
 *
 * session.c is the public face and the one switch over the states; each other
 * file does one noun's part of what the states say. */

#ifndef CLOUD_SESSION_INSIDE_H
#define CLOUD_SESSION_INSIDE_H

#include "cloud/connection.h"
#include "cloud/filters.h"
#include "cloud/outage.h"
#include "cloud/postroom.h"
#include "cloud/redirect.h"
#include "cloud/retry.h"
#include "cloud/session.h"
#include "cloud/session_state.h"
#include "cloud/trial.h"
#include "cloud/version.h"

#define SESSION_MODULE    "session"
#define SESSION_LISTENERS 8
#define SESSION_TOPIC     256
#define SESSION_PATH      4096

/* Tokens of what is not in the outbox, whose ids lie between, with the
 * postroom's own. */
#define SESSION_IMMEDIATE 0
#define SESSION_GOODBYE   UINT64_MAX

struct session_listener {
    session_state_callback *callback;
    void *context;
};

struct session {
    struct session_options options;
    enum session_state state;
    struct filters filters;
    struct filters expected; /* nobody subscribes to these */
    struct session_listener listeners[SESSION_LISTENERS];
    size_t listener_count;
    struct postroom *postroom;
    struct retry retry;
    struct redirect redirect;
    const struct brokers *home; /* as configured */
    struct link_route home_last;
    bool without_retain; /* the broker keeps no messages */
    struct version version;
    struct connection *connection;
    struct trial *trial; /* of `tried_identity` */
    struct session_identity tried_identity;
    session_trial_callback *tried;
    void *tried_context;
    session_end_callback *end_heard; /* or NULL */
    void *end_context;
    bool session_present;
    struct loop_timer *timer;  /* of the state */
    struct loop_timer *stable; /* runs while online */
    uint64_t next_try_at_ms;   /* the loop's time */
    uint64_t came_at_ms;       /* ... when the network came last; 0: never */
    uint64_t hurried_at_ms;    /* ... of the last try for that; 0: never */
    struct verdict verdict;    /* of the last end */
    struct outage outage;      /* this one, or the last; told when online */
    int64_t since_ms;
    struct link_bytes past;    /* of connections that ended */
    struct link_bytes carried; /* of this one, in the budget already */
    struct loop_timer *count;  /* the budget's, while online */
    bool was_spent;            /* the budget, and nobody has come back yet */
    uint64_t connections;
    uint64_t no_suback, no_puback;
    loop_callback *closed;
    void *closed_context;
    char status_topic[SESSION_TOPIC];
    char remembered[SESSION_PATH];
};

/* --- session.c ------------------------------------------------------------ */

/* Something happened: live on. */
void session_step(struct session *s, enum session_event event);

/* NULL: nothing can be published now. */
struct mqtt *session_mqtt(const struct session *s);

/* Why it is offline, logged when it is news. */
void session_note_verdict(struct session *s, const struct verdict *verdict);

/* --- session_timer.c ------------------------------------------------------ */

/* The timer of the state: SESSION_ON_TIMER comes, unless another is set. */
void session_set_timer(struct session *s, uint64_t delay_ms);
void session_clear_timers(struct session *s);

/* --- session_events.c ----------------------------------------------------- */

/* What the session's connection is to tell. */
struct connection_events session_events(struct session *s);

/* --- session_dial.c ------------------------------------------------------- */

/* How one is begun now. */
struct connection_options session_connection(const struct session *s);

/* Begin a connection; SESSION_ON_ENDED comes at once when that fails. */
void session_dial(struct session *s);

/* Keep its figures and free it. */
void session_drop(struct session *s);

/* --- session_move.c ------------------------------------------------------- */

/* A trial is under way no more; its callback never comes. */
void session_forget_trial(struct session *s);

/* --- session_online.c ----------------------------------------------------- */

void session_subscribe_all(struct session *s);
void session_go_online(struct session *s);
void session_tell_listeners(struct session *s, bool online);

/* --- session_retry.c ------------------------------------------------------ */

/* The wait before the next try is set; `was_online`: somebody must hear. */
void session_wait(struct session *s, bool was_online);

/* Online: begin to wait for the proof that it is stable. */
void session_watch_stability(struct session *s);

/* --- session_budget.c ----------------------------------------------------- */

/* Tell the budget what the connection carried; hang up when it is spent. */
void session_count(struct session *s);
/* Online: count once a minute. */
void session_begin_count(struct session *s);
void session_end_count(struct session *s);
/* It is, and so we are offline. */
bool session_is_spent(struct session *s);
/* How long, and when to look again, for the clock may be set; after that, for a
 * fleet must not come back at midnight sharp, once a part of the spread. */
struct session_budget_wait {
    uint64_t shown_ms, slept_ms;
};
struct session_budget_wait session_budget_wait(struct session *s);
/* The verdict then. */
struct verdict session_budget_verdict(struct session *s);

/* --- session_network.c ---------------------------------------------------- */

/* Waiting: wait no longer when the network came just now. */
void session_hurry(struct session *s);

/* --- session_redirect.c --------------------------------------------------- */

/* The connection ended: was this device sent elsewhere?  Says so in *verdict.
 */
void session_heed_hint(struct session *s, struct verdict *verdict);

/* Choose where the next connection goes, the last one having gone by `route`.
 */
void session_choose_brokers(struct session *s, struct link_route route);

/* --- session_goodbye.c ---------------------------------------------------- */

void session_say_goodbye(struct session *s); /* SESSION_LEAVING */
void session_disconnect(struct session *s);  /* SESSION_CLOSING */
void session_end(struct session *s);         /* SESSION_CLOSED */

/* --- session_presence.c --------------------------------------------------- */

/* docs/protocol.md, nameplate/<t>/status: SESSION_IMMEDIATE says we are
 * online, SESSION_GOODBYE that we are not; false when it cannot be sent. */
bool session_say_presence(
    struct session *s, uint64_t token, const char *member);
bool session_say_online(struct session *s);

#endif
