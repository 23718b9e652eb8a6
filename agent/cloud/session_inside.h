/* session_inside.h - what the files session*.c share; for nobody else.
 *
 * session.c is the public face and the one switch over the states; each other
 * file does one noun's part of what the states say. */

#ifndef CLOUD_SESSION_INSIDE_H
#define CLOUD_SESSION_INSIDE_H

#include "cloud/connection.h"
#include "cloud/filters.h"
#include "cloud/postroom.h"
#include "cloud/session.h"
#include "cloud/session_state.h"
#include "cloud/trial.h"
#include "cloud/version.h"
#include "core/backoff.h"

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
    struct session_listener listeners[SESSION_LISTENERS];
    size_t listener_count;
    struct postroom *postroom;
    struct backoff backoff;
    struct version version;
    unsigned short_lives; /* connections lost before they were stable */
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
    struct verdict verdict;    /* of the last end */
    int64_t since_ms;
    struct link_bytes past; /* of connections that ended */
    uint64_t connections;
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

/* --- session_goodbye.c ---------------------------------------------------- */

void session_say_goodbye(struct session *s); /* SESSION_LEAVING */
void session_disconnect(struct session *s);  /* SESSION_CLOSING */
void session_end(struct session *s);         /* SESSION_CLOSED */

/* --- session_presence.c --------------------------------------------------- */

/* docs/protocol.md, nameplate/<t>/status: SESSION_IMMEDIATE says we are
 * online, SESSION_GOODBYE that we are not; false when it cannot be sent. */
bool session_say_presence(
    struct session *s, uint64_t token, const char *member);

#endif
