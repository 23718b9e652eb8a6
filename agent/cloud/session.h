/* session.h - the MQTT session over links that come and go.
 *
 * It keeps one connection to the broker alive for ever: dials, backs off with
 * full jitter, subscribes again when the broker lost the session, sends what
 * lies in the outbox in order, and says why it is offline. */

#ifndef CLOUD_SESSION_H
#define CLOUD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/budget.h"
#include "cloud/link.h"
#include "cloud/mqtt.h"
#include "cloud/outage.h"
#include "cloud/outbox.h"
#include "cloud/pace.h"
#include "core/err.h"
#include "core/loop.h"

struct session;

enum session_protocol { SESSION_AUTO, SESSION_MQTT_5, SESSION_MQTT_3_1_1 };

struct session_options {
    struct loop *loop;
    struct mqtt_room *room;
    struct outbox *outbox;
    struct link_options link; /* where to, whom to believe, what to show */
    const char *thing;        /* the client id */
    const char *folder;       /* where it remembers its subscriptions */
    uint16_t keep_alive_s;
    uint32_t puback_ms; /* how long a message may wait for its PUBACK */
    struct pace_limits pace;
    enum session_protocol protocol;
    struct budget *budget;    /* NULL: nobody counts */
    bool budget_stays;        /* connected when it is spent */
    uint32_t budget_spread_s; /* to come back within, when a period begins */
};

/* Everything `options` points to is borrowed for the session's life. */
enum err session_new(
    const struct session_options *options, struct session **out) MUST_CHECK;

/* Dial for the first time, at once. */
void session_start(struct session *s);

/* The machine's network changed, or it slept.  A connection whose address is
 * gone ends at once; with `must_probe` another is asked for a sign of life.
 * When the network `came`, a session that is offline tries now: within half a
 * second, not again within ten, and not against a verdict that says slow. */
void session_look_around(struct session *s, bool must_probe, bool came);

/* Say goodbye to the broker and commit; `closed` comes exactly once, within a
 * few seconds, and nothing else after it.  Then it can be freed. */
void session_close(struct session *s, loop_callback *closed, void *context);
void session_free(struct session *s); /* NULL is fine */

/* A message that came in, on loan for the call. */
struct session_message {
    const char *topic;
    const void *payload;
    size_t len;
    bool retained;
};
typedef void session_message_callback(
    void *context, const struct session_message *message);

/* The state changed; `session_present`: the broker kept our subscriptions. */
typedef void session_state_callback(
    void *context, bool online, bool session_present);

/* `stored` is false when the disk refused: the message is lost, say so. */
typedef void session_stored_callback(void *context, bool stored);

struct session_status {
    bool online;
    const char *why;    /* one word by layer while offline: "dns", "tcp", ... */
    const char *detail; /* words a person can act on; lent until it changes */
    int64_t since_ms;   /* wall clock: when `online` last changed */
    int64_t next_try_ms; /* milliseconds from now; 0 while online or trying */
    const struct outage *outage; /* this one or the last; lent */
    struct outbox_figures outbox;
    uint64_t bytes_in, bytes_out;  /* TLS bytes of all connections */
    uint64_t connections;          /* since the start */
    uint64_t no_suback, no_puback; /* ended because it never came */
};

/* What the device shows to the broker; borrowed until another one is in use and
 * link_threads() has been 0 since. */
struct session_identity {
    mbedtls_x509_crt *chain; /* leaf first */
    struct key *key;
    struct link_tickets *tickets; /* or NULL */
};

/* Try another identity on a second connection while the first one stays
 * (trial.h).  Accepted: it is the session's identity and the second connection
 * the session's connection; messages and subscriptions are kept as over a
 * reconnect.  Else nothing has changed, and `why` and `detail` are as in
 * session_status.  Comes exactly once, but not once session_close was called.
 * ERR_AGAIN: another trial is under way, or we are closing. */
typedef void session_trial_callback(
    void *context, bool accepted, const char *why, const char *detail);
enum err session_try(struct session *s, const struct session_identity *identity,
    session_trial_callback *tried, void *context) MUST_CHECK;

/* Use this identity from the next connection on; offline, that is now. */
void session_use(struct session *s, const struct session_identity *identity);

/* Learn why each connection ended, or why there was none: `why` as in
 * session_status.  One listener. */
typedef void session_end_callback(void *context, const char *why);
void session_on_end(
    struct session *s, session_end_callback *callback, void *context);

/* Call `callback` for each message whose topic matches `filter` (MQTT
 * wildcards), now and after every reconnect.  Filters are few and live as long
 * as the session.  ERR_INVALID: not a filter; ERR_NO_MEMORY. */
enum err session_subscribe(struct session *s, const char *filter,
    session_message_callback *callback, void *context) MUST_CHECK;

/* The same for what the broker sends although nobody subscribed: AWS's answers
 * to requests of Jobs go to who asked. */
enum err session_expect(struct session *s, const char *filter,
    session_message_callback *callback, void *context) MUST_CHECK;

/* Learn of each change of state.  Comes on the loop. */
enum err session_on_state(struct session *s, session_state_callback *callback,
    void *context) MUST_CHECK;

/* Publish at once with QoS 1, kept nowhere.  ERR_AGAIN: offline;
 * ERR_TOO_BIG: the broker takes no packet of that size. */
enum err session_publish(struct session *s, const char *topic,
    const void *payload, size_t len) MUST_CHECK;

/* Put into the outbox; `stored` (may be NULL) comes exactly once, after the
 * commit, never from inside this call.  On an error it never comes:
 * ERR_NOT_FOUND: no such class; ERR_EXISTS: one stream too many; ERR_AGAIN: its
 * queue is full; ERR_TOO_BIG, ERR_IO, ERR_NO_MEMORY. */
struct session_letter {
    const char *topic;
    const void *payload;
    size_t len;
    bool retain;
    const char *class;  /* NULL: OUTBOX_EVENT */
    const char *stream; /* in which it gets a number; NULL: in none */
    bool or_busy;       /* when full refuse it rather than drop another */
    session_stored_callback *stored;
    void *context;
};
enum err session_send(
    struct session *s, const struct session_letter *letter) MUST_CHECK;

/* The `seq` that the next letter gets. */
uint64_t session_next_seq(const struct session *s);

struct session_status session_status(const struct session *s);

/* What the line has carried by now; false when nobody counts. */
bool session_budget(struct session *s, struct budget_figures *out);

#endif
