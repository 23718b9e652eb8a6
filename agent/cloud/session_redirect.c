/* session_redirect.c */

#include "cloud/session_inside.h"

#include <stdio.h>

#define SAY(v, ...)                                                            \
    (void)snprintf((v)->detail, sizeof((v)->detail), __VA_ARGS__)

/* What a broker wrote, fit for a line of the log. */
static const char *clean(const char *text, char out[HINT_REFERENCE])
{
    size_t i;

    for (i = 0; text[i] != '\0'; i++)
        out[i] =
            (char)(text[i] >= ' ' && text[i] < 0x7f && text[i] != '"' ? text[i]
                                                                      : '?');
    out[i] = '\0';
    return out;
}

static void say(
    const struct session *s, enum redirect_answer answer, struct verdict *v)
{
    char place[BROKERS_PLACE], text[HINT_REFERENCE];

    switch (answer) {
    case REDIRECT_STAY:
        break;
    case REDIRECT_GO:
        broker_print(&s->redirect.there.list[0], 0, place);
        SAY(v, "the broker sends this device to %s; it must prove itself there",
            place);
        break;
    case REDIRECT_NOWHERE:
        if (connection_hint(s->connection)->reference[0] == '\0')
            SAY(v,
                "the broker sends this device away and names no other; "
                "trying the configured brokers");
        else
            SAY(v,
                "the broker sends this device to '%.200s', which is not "
                "HOST[:PORT]"
                "; trying the configured brokers",
                clean(connection_hint(s->connection)->reference, text));
        break;
    case REDIRECT_ROUND:
        SAY(v,
            "brokers sent this device on %d times in a row; trying the "
            "configured brokers, later",
            REDIRECT_HOPS + 1);
        v->slow = true;
        break;
    }
}

void session_heed_hint(struct session *s, struct verdict *verdict)
{
    bool greeted = s->state != SESSION_CONNECTING;
    enum redirect_answer answer = REDIRECT_STAY;

    if (s->connection != NULL)
        answer = redirect_heed(&s->redirect, connection_hint(s->connection),
            connection_broker(s->connection)->port);
    if (answer == REDIRECT_STAY)
        redirect_note_end(&s->redirect, greeted);
    say(s, answer, verdict);
}

void session_choose_brokers(struct session *s, struct link_route route)
{
    if (s->options.link.brokers == s->home)
        s->home_last = route;
    if (s->redirect.active) {
        s->options.link.brokers = &s->redirect.there;
        s->options.link.last = (struct link_route){.broker = 0};
    } else {
        s->options.link.brokers = s->home;
        s->options.link.last = s->home_last;
    }
}
