/* session_state.h - what a session does next.  No clock, no socket, no heap. */

#ifndef CLOUD_SESSION_STATE_H
#define CLOUD_SESSION_STATE_H

/* In the order they are lived. */
enum session_state {
    SESSION_WAITING,     /* for the next try */
    SESSION_CONNECTING,  /* dialling, TLS, CONNECT */
    SESSION_SUBSCRIBING, /* the broker had lost our subscriptions */
    SESSION_ONLINE,
    SESSION_LEAVING, /* our last words wait for their PUBACK */
    SESSION_CLOSING, /* DISCONNECT said, waiting for the end */
    SESSION_CLOSED   /* for good */
};

enum session_event {
    SESSION_ON_TIMER,      /* the wait of this state is over */
    SESSION_ON_CONNECTED,  /* CONNACK, the broker kept our subscriptions */
    SESSION_ON_FRESH,      /* CONNACK, it did not */
    SESSION_ON_SUBSCRIBED, /* SUBACK for every filter */
    SESSION_ON_ENDED,      /* the connection is gone */
    SESSION_ON_MOVED,      /* another one, up to its CONNACK, is in its place */
    SESSION_ON_CLOSE       /* we are asked to close */
};

enum session_state session_state_next(
    enum session_state state, enum session_event event);

const char *session_state_name(enum session_state state); /* static */

#endif
