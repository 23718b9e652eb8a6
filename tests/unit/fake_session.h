/* fake_session.h - a session without a network: it remembers what it was given
 * and says what the test tells it to. */

#ifndef TESTS_FAKE_SESSION_H
#define TESTS_FAKE_SESSION_H

#include "cloud/session.h"

struct fake_letter {
    char topic[300];
    char *payload; /* with a NUL behind */
    size_t len;
    bool kept; /* through the outbox, not at once */
    bool retain;
    session_stored_callback *stored;
    void *context;
};

struct session *fake_session_new(void);
void fake_session_free(struct session *session);

/* The state changes; every listener hears of it. */
void fake_session_go(struct session *session, bool online, bool present);

/* A message comes in; how many callbacks wanted its topic. */
int fake_session_deliver(
    struct session *session, const char *topic, const char *payload);
/* The same to whoever subscribed to this filter, by its text. */
void fake_session_deliver_as(struct session *session, const char *filter,
    const char *topic, const char *payload);
void fake_session_deliver_retained(
    struct session *session, const char *topic, const char *payload);

/* All that was published or sent, and the last of them (NULL: nothing). */
size_t fake_session_count(const struct session *session);
const struct fake_letter *fake_session_letter(
    const struct session *session, size_t index);
const struct fake_letter *fake_session_last(const struct session *session);

/* From now on session_send and session_subscribe answer with this. */
void fake_session_refuse(struct session *session, enum err answer);

/* The outbox's commit: every waiting `stored` hears of it, once. */
void fake_session_commit(struct session *session, bool stored);

#endif
