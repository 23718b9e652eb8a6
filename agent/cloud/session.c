/* session.c - one connection after the other, for ever. */

#include "cloud/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/connection.h"
#include "cloud/filters.h"
#include "cloud/postroom.h"
#include "cloud/session_state.h"
#include "cloud/version.h"
#include "core/backoff.h"
#include "core/log.h"
#include "ports/port.h"

#define MODULE           "session"
#define LISTENERS_MAX    8
#define FIRST_WAIT_MS    1000
#define LONGEST_WAIT_MS  120000
#define SLOW_WAIT_MS     30000 /* at least, when the verdict says slow */
#define STABLE_MS        30000 /* online for so long: waits are short again */
#define GOODBYE_MS       1000  /* for the PUBACK of our last words */
#define SESSION_EXPIRY_S 3600  /* AWS IoT keeps a session as long by default */
#define TOPIC_BYTES      256
#define PATH_BYTES       4096
#define REMEMBERED       "subscriptions"

/* Tokens of what is not in the outbox, whose ids lie between, with the
 * postroom's own. */
#define TOKEN_IMMEDIATE 0
#define TOKEN_GOODBYE   UINT64_MAX

struct listener {
    session_state_callback *callback;
    void *context;
};

struct session {
    struct session_options options;
    enum session_state state;
    struct filters filters;
    struct listener listeners[LISTENERS_MAX];
    size_t listener_count;
    struct postroom *postroom;
    struct backoff backoff;
    struct version version;
    unsigned short_lives; /* connections lost before they were stable */
    struct connection *connection;
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
    char status_topic[TOPIC_BYTES];
    char remembered[PATH_BYTES];
};

static void step(struct session *s, enum session_event event);

/* --- the timer of the state ----------------------------------------------- */

static void on_timer(void *context)
{
    struct session *s = context;

    s->timer = NULL;
    step(s, SESSION_ON_TIMER);
}

static void set_timer(struct session *s, uint64_t delay_ms)
{
    loop_timer_cancel(s->timer);
    s->timer = loop_timer_start(s->options.loop, delay_ms, on_timer, s);
    if (s->timer == NULL)
        log_error(MODULE, "out of memory: a timer is missing");
}

static void clear_timers(struct session *s)
{
    loop_timer_cancel(s->timer);
    s->timer = NULL;
    loop_timer_cancel(s->stable);
    s->stable = NULL;
}

/* --- what we say of ourselves ----------------------------------------------
 */

static struct mqtt *current_mqtt(const struct session *s)
{
    return s->connection != NULL ? connection_mqtt(s->connection) : NULL;
}

/* docs/protocol.md, nameplate/<t>/status; false when it cannot be sent. */
static bool publish_status(
    struct session *s, uint64_t token, const char *member)
{
    char text[200];
    int len = snprintf(text, sizeof(text), "{\"online\":%s,\"ts\":%lld,%s}",
        token == TOKEN_GOODBYE ? "false" : "true", (long long)port_wall_ms(),
        member);
    const struct mqtt_message message = {.topic = s->status_topic,
        .payload = text,
        .len = (size_t)len,
        .retain = true};

    return current_mqtt(s) != NULL &&
        mqtt_publish(current_mqtt(s), token, &message) == ERR_OK;
}

static void tell_listeners(struct session *s, bool online)
{
    for (size_t i = 0; i < s->listener_count; i++)
        s->listeners[i].callback(
            s->listeners[i].context, online, s->session_present);
}

/* --- the connection's events ------------------------------------------------
 */

static void on_connected(void *context, bool session_present)
{
    struct session *s = context;

    s->session_present = session_present;
    if (s->filters.count == 0 ||
        (session_present && filters_are_remembered(&s->filters, s->remembered)))
        step(s, SESSION_ON_CONNECTED);
    else
        step(s, SESSION_ON_FRESH);
}

static void on_subscribed(void *context)
{
    struct session *s = context;

    filters_remember(&s->filters, s->remembered);
    step(s, SESSION_ON_SUBSCRIBED);
}

static void on_published(void *context, uint64_t token, bool accepted)
{
    struct session *s = context;

    if (token == TOKEN_GOODBYE)
        step(s, SESSION_ON_TIMER);
    else if (token != TOKEN_IMMEDIATE)
        postroom_answered(s->postroom, token, accepted);
    else if (!accepted)
        log_warning(MODULE, "the broker refused a message");
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct session *s = context;
    const struct session_message in = {
        message->topic, message->payload, message->len, message->retain};

    if (!filters_route(&s->filters, &in))
        log_debug(MODULE, "nobody wants topic=%s", message->topic);
}

static void note_verdict(struct session *s, const struct verdict *verdict)
{
    bool changed = s->verdict.why == NULL ||
        strcmp(s->verdict.why, verdict->why) != 0 ||
        strcmp(s->verdict.detail, verdict->detail) != 0;

    if (changed && s->state != SESSION_CLOSING)
        log_warning(MODULE, "offline why=%s detail=\"%s\"", verdict->why,
            verdict->detail);
    s->verdict = *verdict;
}

static void on_ended(void *context, const struct verdict *verdict)
{
    struct session *s = context;

    struct verdict noted = *verdict;

    if (s->state == SESSION_ONLINE)
        s->short_lives = s->stable != NULL ? s->short_lives + 1 : 0;
    verdict_note_short_lives(&noted, s->short_lives);
    version_learn(&s->version, verdict);
    note_verdict(s, &noted);
    step(s, SESSION_ON_ENDED);
}

/* --- doing what the states say -----------------------------------------------
 */

static enum err start_connection(struct session *s)
{
    static const char will[] =
        "{\"online\":false,\"reason\":\"connection lost\"}";
    const struct connection_options options = {
        .loop = s->options.loop,
        .room = s->options.room,
        .link = s->options.link,
        .mqtt = {.client_id = s->options.thing,
                 .version_5 = s->version.five,
                 .keep_alive_s = s->options.keep_alive_s,
                 .session_expiry_s = SESSION_EXPIRY_S,
                 .will = {.topic = s->status_topic,
                .payload = will,
                .len = sizeof(will) - 1,
                .retain = true}}
    };
    const struct connection_events events = {
        on_connected, on_subscribed, on_published, on_message, on_ended, s};

    return connection_start(&options, &events, &s->connection);
}

static void dial(struct session *s)
{
    static const struct verdict local = {
        .why = "local", .detail = "no connection could be begun; see the log"};

    if (start_connection(s) == ERR_OK)
        return;
    note_verdict(s, &local);
    step(s, SESSION_ON_ENDED);
}

static void on_stable(void *context)
{
    struct session *s = context;

    s->stable = NULL;
    backoff_reset(&s->backoff);
}

static void go_online(struct session *s)
{
    s->connections++;
    version_settle(&s->version);
    s->since_ms = port_wall_ms();
    s->verdict = (struct verdict){.why = NULL};
    s->stable = loop_timer_start(s->options.loop, STABLE_MS, on_stable, s);
    log_info(MODULE, "online thing=%s mqtt=%s session=%s", s->options.thing,
        s->version.five ? "5" : "3.1.1", s->session_present ? "kept" : "new");
    if (!publish_status(
            s, TOKEN_IMMEDIATE, "\"agent\":\"" NAMEPLATE_VERSION "\""))
        log_debug(MODULE, "status was not sent");
    tell_listeners(s, true);
    if (current_mqtt(s) != NULL)
        postroom_open(s->postroom, current_mqtt(s));
}

static void drop_connection(struct session *s)
{
    struct link_bytes bytes;

    clear_timers(s);
    postroom_shut(s->postroom);
    if (s->connection == NULL)
        return;
    bytes = connection_bytes(s->connection);
    s->past.in += bytes.in;
    s->past.out += bytes.out;
    s->options.link.last = connection_next_route(s->connection);
    connection_free(s->connection);
    s->connection = NULL;
}

static void wait_for_next_try(struct session *s, bool was_online)
{
    uint32_t random = 0;
    uint64_t wait_ms;

    drop_connection(s);
    if (was_online) {
        s->since_ms = port_wall_ms();
        tell_listeners(s, false);
    }
    if (port_random(&random, sizeof(random)) != ERR_OK)
        random = UINT32_MAX; /* the longest wait of this turn */
    wait_ms = backoff_next_ms(&s->backoff, random);
    if (s->verdict.slow)
        wait_ms += SLOW_WAIT_MS;
    s->next_try_at_ms = loop_now_ms(s->options.loop) + wait_ms;
    set_timer(s, wait_ms);
    log_debug(MODULE, "next_try_ms=%llu", (unsigned long long)wait_ms);
}

static void subscribe(struct session *s)
{
    filters_forget(s->remembered);
    connection_subscribe(s->connection, s->filters.texts, s->filters.count);
}

/* Our last words must be acknowledged before DISCONNECT: Paho would hold it
 * back for a second or more while something is in flight. */
static void say_goodbye(struct session *s)
{
    loop_timer_cancel(s->stable);
    s->stable = NULL;
    postroom_shut(s->postroom);
    set_timer(s, GOODBYE_MS);
    if (!publish_status(s, TOKEN_GOODBYE, "\"reason\":\"stopped\""))
        step(s, SESSION_ON_TIMER);
}

static void disconnect(struct session *s)
{
    set_timer(s, GOODBYE_MS);
    connection_close(s->connection);
}

static void close_for_good(struct session *s)
{
    loop_callback *closed = s->closed;

    drop_connection(s);
    if (outbox_needs_commit(s->options.outbox) &&
        outbox_commit(s->options.outbox) != ERR_OK)
        log_error(MODULE, "the outbox could not be committed at the end");
    s->closed = NULL;
    if (closed != NULL)
        closed(s->closed_context);
}

static void step(struct session *s, enum session_event event)
{
    enum session_state before = s->state;

    s->state = session_state_next(before, event);
    if (s->state == before)
        return;
    log_debug(MODULE, "state from=%s to=%s", session_state_name(before),
        session_state_name(s->state));
    switch (s->state) {
    case SESSION_WAITING:
        wait_for_next_try(s, before == SESSION_ONLINE);
        break;
    case SESSION_CONNECTING:
        dial(s);
        break;
    case SESSION_SUBSCRIBING:
        subscribe(s);
        break;
    case SESSION_ONLINE:
        go_online(s);
        break;
    case SESSION_LEAVING:
        say_goodbye(s);
        break;
    case SESSION_CLOSING:
        disconnect(s);
        break;
    case SESSION_CLOSED:
        close_for_good(s);
        break;
    }
}

/* --- the public face
 * ---------------------------------------------------------- */

enum err session_new(
    const struct session_options *options, struct session **out)
{
    struct session *s = calloc(1, sizeof(*s));
    enum err e;

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->options = *options;
    s->state = SESSION_WAITING;
    s->version =
        (struct version){.five = options->protocol != SESSION_MQTT_3_1_1,
            .fixed = options->protocol != SESSION_AUTO};
    s->backoff = (struct backoff){
        .first_ms = FIRST_WAIT_MS, .ceiling_ms = LONGEST_WAIT_MS};
    s->verdict = (struct verdict){
        .why = "starting", .detail = "the first connection is being made"};
    s->since_ms = port_wall_ms();
    (void)snprintf(s->status_topic, sizeof(s->status_topic),
        "nameplate/%s/status", options->thing);
    if (snprintf(s->remembered, sizeof(s->remembered), "%s/" REMEMBERED,
            options->folder) >= (int)sizeof(s->remembered)) {
        e = ERR_TOO_BIG;
        goto free_session;
    }
    e = postroom_new(
        options->loop, options->outbox, options->thing, &s->postroom);
    if (e != ERR_OK)
        goto free_session;
    *out = s;
    return ERR_OK;

free_session:
    free(s);
    return e;
}

void session_start(struct session *s)
{
    step(s, SESSION_ON_TIMER);
}

void session_close(struct session *s, loop_callback *closed, void *context)
{
    s->closed = closed;
    s->closed_context = context;
    step(s, SESSION_ON_CLOSE);
}

void session_free(struct session *s)
{
    if (s == NULL)
        return;
    drop_connection(s);
    postroom_free(s->postroom);
    filters_clear(&s->filters);
    free(s);
}

enum err session_subscribe(struct session *s, const char *filter,
    session_message_callback *callback, void *context)
{
    return filters_add(&s->filters, filter, callback, context);
}

enum err session_on_state(
    struct session *s, session_state_callback *callback, void *context)
{
    if (s->listener_count == LISTENERS_MAX)
        return ERR_TOO_BIG;
    s->listeners[s->listener_count++] = (struct listener){callback, context};
    return ERR_OK;
}

enum err session_publish(
    struct session *s, const char *topic, const void *payload, size_t len)
{
    const struct mqtt_message message = {
        .topic = topic, .payload = payload, .len = len};

    if (s->state != SESSION_ONLINE || current_mqtt(s) == NULL)
        return ERR_AGAIN;
    return mqtt_publish(current_mqtt(s), TOKEN_IMMEDIATE, &message) == ERR_OK
        ? ERR_OK
        : ERR_AGAIN;
}

enum err session_send(struct session *s, const struct session_letter *letter)
{
    return postroom_take(s->postroom, letter);
}

uint64_t session_next_seq(const struct session *s)
{
    return outbox_next_id(s->options.outbox);
}

struct session_status session_status(const struct session *s)
{
    struct outbox_figures outbox = outbox_figures(s->options.outbox);
    struct link_bytes now = {0, 0};
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
        .outbox = outbox,
        .bytes_in = s->past.in + now.in,
        .bytes_out = s->past.out + now.out,
        .connections = s->connections,
    };
}
