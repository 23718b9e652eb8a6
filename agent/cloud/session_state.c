/* session_state.c */

#include "cloud/session_state.h"

static enum session_state from_waiting(enum session_event event)
{
    if (event == SESSION_ON_CLOSE)
        return SESSION_CLOSED;
    return event == SESSION_ON_TIMER || event == SESSION_ON_MOVED
        ? SESSION_CONNECTING
        : SESSION_WAITING;
}

static enum session_state from_connecting(enum session_event event)
{
    switch (event) {
    case SESSION_ON_CONNECTED:
        return SESSION_ONLINE;
    case SESSION_ON_FRESH:
        return SESSION_SUBSCRIBING;
    case SESSION_ON_ENDED:
        return SESSION_WAITING;
    case SESSION_ON_CLOSE:
        return SESSION_CLOSED;
    case SESSION_ON_TIMER:
    case SESSION_ON_SUBSCRIBED:
    case SESSION_ON_MOVED:
        break;
    }
    return SESSION_CONNECTING;
}

static enum session_state from_connected(
    enum session_state state, enum session_event event)
{
    if (event == SESSION_ON_ENDED)
        return SESSION_WAITING;
    if (event == SESSION_ON_CLOSE)
        return SESSION_LEAVING;
    if (event == SESSION_ON_MOVED)
        return SESSION_CONNECTING;
    return event == SESSION_ON_SUBSCRIBED ? SESSION_ONLINE : state;
}

enum session_state session_state_next(
    enum session_state state, enum session_event event)
{
    switch (state) {
    case SESSION_WAITING:
        return from_waiting(event);
    case SESSION_CONNECTING:
        return from_connecting(event);
    case SESSION_SUBSCRIBING:
    case SESSION_ONLINE:
        return from_connected(state, event);
    case SESSION_LEAVING:
        if (event == SESSION_ON_ENDED)
            return SESSION_CLOSED;
        return event == SESSION_ON_TIMER ? SESSION_CLOSING : SESSION_LEAVING;
    case SESSION_CLOSING:
        return event == SESSION_ON_ENDED || event == SESSION_ON_TIMER
            ? SESSION_CLOSED
            : SESSION_CLOSING;
    case SESSION_CLOSED:
        return SESSION_CLOSED;
    }
    return state;
}

const char *session_state_name(enum session_state state)
{
    switch (state) {
    case SESSION_WAITING:
        return "waiting";
    case SESSION_CONNECTING:
        return "connecting";
    case SESSION_SUBSCRIBING:
        return "subscribing";
    case SESSION_ONLINE:
        return "online";
    case SESSION_LEAVING:
        return "leaving";
    case SESSION_CLOSING:
        return "closing";
    case SESSION_CLOSED:
        return "closed";
    }
    return "unknown";
}
