/* connection.c - whichever half ends first makes the other one end soon: Paho
 * closes its socket, or the link closes Paho's.  Both have something to say
 * about why, so the verdict waits for both, but not for long. */

#include "cloud/connection.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/log.h"

#define MODULE       "connection"
#define ANSWER_MS    10000 /* for CONNACK and for SUBACK, over TLS */
#define LAST_WORD_MS 300   /* for the other half of an ended connection */

struct connection {
    struct connection_options options;
    struct connection_events events;
    struct link *link;
    struct mqtt *mqtt;
    struct loop_timer *timer;
    struct link_route route; /* of the link when it was up */
    bool was_up;
    bool greeted; /* CONNACK came */
    bool mqtt_ended;
    bool mqtt_closed; /* but not freed: others know it until the end is told */
    bool ended;       /* told */
    struct link_end link_end;
    char link_detail[400];
    struct mqtt_end mqtt_end;
    struct hint hint;
    struct link_bytes past; /* of the link when it has ended */
};

/* --- the end
 * ------------------------------------------------------------------ */

static void let_go(struct connection *c)
{
    loop_timer_cancel(c->timer);
    c->timer = NULL;
    if (c->link != NULL) {
        c->past = link_bytes(c->link);
        link_stop(c->link);
        c->link = NULL;
    }
    mqtt_free(c->mqtt);
    c->mqtt = NULL;
}

static void tell_end(struct connection *c, const struct verdict *verdict)
{
    let_go(c);
    c->ended = true;
    c->events.ended(c->events.context, verdict);
}

static void conclude(struct connection *c)
{
    const struct verdict_evidence evidence = {
        &c->link_end, &c->mqtt_end, c->was_up, c->greeted};
    struct verdict verdict = verdict_of(&evidence);

    verdict.retry_after_s = c->hint.retry_after_s;
    tell_end(c, &verdict);
}

static void on_too_late(void *context)
{
    static const struct verdict no_connack = {.why = "no_connack",
        .detail = "the broker did not answer the CONNECT in time; see its log"};
    static const struct verdict no_suback = {.why = "no_suback",
        .detail = "the broker did not answer the SUBSCRIBE in time; is this "
                  "device allowed to subscribe? see its log"};
    struct connection *c = context;

    c->timer = NULL;
    if (c->link != NULL && !c->was_up && key_is_busy(c->options.link.key))
        c->link_end = (struct link_end){
            LINK_KEY, "token_failed: the key's token does not answer"};
    if (c->was_up && c->link != NULL && !c->mqtt_ended)
        tell_end(c, c->greeted ? &no_suback : &no_connack);
    else
        conclude(c);
}

static void set_timer(struct connection *c, uint64_t delay_ms)
{
    loop_timer_cancel(c->timer);
    c->timer = loop_timer_start(c->options.loop, delay_ms, on_too_late, c);
    if (c->timer == NULL)
        log_error(MODULE, "out of memory: a timer is missing");
}

static void close_mqtt(struct connection *c)
{
    mqtt_close(c->mqtt);
    c->mqtt_closed = true;
}

/* A link that never was up has shut Paho's door: it is about to say why, and
 * the time that it was given at the start is the limit. */
static void conclude_when_over(struct connection *c)
{
    if (c->link == NULL && c->mqtt_closed)
        conclude(c);
    else if (c->link == NULL || c->was_up)
        set_timer(c, LAST_WORD_MS);
}

/* --- the link's events
 * ----------------------------------------------------------- */

static void on_link_up(void *context)
{
    struct connection *c = context;

    c->was_up = true;
    c->route = link_route(c->link);
    set_timer(c, ANSWER_MS);
}

/* A refusal's hint lies in the CONNACK; ask while there is a link. */
static void learn_hint(struct connection *c)
{
    size_t len;
    const unsigned char *bytes = link_first_bytes(c->link, &len);

    if (!c->greeted && c->options.mqtt.version_5)
        (void)hint_of_connack(bytes, len, &c->hint);
}

static void on_link_down(void *context, const struct link_end *end)
{
    struct connection *c = context;

    (void)snprintf(c->link_detail, sizeof(c->link_detail), "%s", end->detail);
    c->link_end = (struct link_end){end->reason, c->link_detail};
    c->past = link_bytes(c->link);
    learn_hint(c);
    c->link = NULL;
    if (!c->was_up)
        close_mqtt(c); /* it never said a word */
    conclude_when_over(c);
}

/* --- MQTT's events
 * ------------------------------------------------------------------ */

static void on_connected(void *context, bool session_present)
{
    struct connection *c = context;

    c->greeted = true;
    if (c->link != NULL)
        link_settled(c->link, mqtt_server_keep_alive_s(c->mqtt));
    loop_timer_cancel(c->timer);
    c->timer = NULL;
    c->events.connected(c->events.context, session_present);
}

static void on_published(void *context, uint64_t token, bool accepted)
{
    struct connection *c = context;

    c->events.published(c->events.context, token, accepted);
}

static void end_mqtt(struct connection *c, const struct mqtt_end *end)
{
    c->mqtt_end = *end;
    c->mqtt_end.hint = NULL;
    c->mqtt_ended = true;
    if (end->hint != NULL)
        c->hint = *end->hint;
    else if (c->link != NULL)
        learn_hint(c);
    close_mqtt(c);
    conclude_when_over(c);
}

static void on_subscribed(void *context, bool accepted)
{
    struct connection *c = context;

    loop_timer_cancel(c->timer);
    c->timer = NULL;
    if (accepted)
        c->events.subscribed(c->events.context);
    else
        end_mqtt(c, &(struct mqtt_end){MQTT_NOT_AUTHORISED, 0x87, NULL});
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct connection *c = context;

    c->events.message(c->events.context, message);
}

static void on_mqtt_ended(void *context, const struct mqtt_end *end)
{
    end_mqtt(context, end);
}

/* --- the public face
 * ------------------------------------------------------------------ */

static enum err start_mqtt(struct connection *c)
{
    const struct mqtt_events events = {on_connected, on_published,
        on_subscribed, on_message, on_mqtt_ended, c};
    struct mqtt_options *mqtt = &c->options.mqtt;

    mqtt->port = link_port(c->link);
    mqtt->timeout_ms = link_patience_ms(&c->options.link) + ANSWER_MS;
    return mqtt_start(c->options.room, mqtt, &events, &c->mqtt);
}

enum err connection_start(const struct connection_options *options,
    const struct connection_events *events, struct connection **out)
{
    struct connection *c = calloc(1, sizeof(*c));
    enum err e;

    if (c == NULL)
        return ERR_NO_MEMORY;
    c->options = *options;
    c->events = *events;
    /* Every later step of a link keeps to its time and says why itself. */
    c->link_end =
        (struct link_end){LINK_DNS, "no name server answered in time"};
    c->mqtt_end = (struct mqtt_end){MQTT_LOST, 0, NULL};
    e = link_start(options->loop, &c->options.link,
        &(struct link_events){on_link_up, on_link_down, c}, &c->link);
    if (e == ERR_OK)
        e = start_mqtt(c);
    if (e != ERR_OK) {
        connection_free(c);
        return e;
    }
    set_timer(c, link_patience_ms(&options->link) + ANSWER_MS);
    *out = c;
    return ERR_OK;
}

void connection_subscribe(
    struct connection *c, char *const *filters, size_t count)
{
    /* ERR_IO: the connection is ending and will say so itself. */
    if (!c->mqtt_closed && mqtt_subscribe(c->mqtt, filters, count) != ERR_OK)
        log_debug(MODULE, "subscribe was not sent");
    set_timer(c, ANSWER_MS);
}

void connection_tell(
    struct connection *c, const struct connection_events *events)
{
    c->events = *events;
}

void connection_close(struct connection *c)
{
    if (!c->mqtt_closed)
        mqtt_disconnect(c->mqtt);
    set_timer(c, LAST_WORD_MS);
}

bool connection_is_up(const struct connection *c)
{
    return c->was_up;
}

void connection_look_again(struct connection *c, bool must_probe)
{
    if (c->link != NULL)
        link_look_again(c->link, must_probe);
}

struct mqtt *connection_mqtt(const struct connection *c)
{
    return c->mqtt_closed ? NULL : c->mqtt;
}

struct link_route connection_next_route(const struct connection *c)
{
    struct link_route next = c->route;

    if (!c->was_up)
        return c->options.link.last;
    if (!c->greeted)
        next.broker = (next.broker + 1) % c->options.link.brokers->count;
    return next;
}

const struct broker *connection_broker(const struct connection *c)
{
    struct link_route route = c->was_up ? c->route : c->options.link.last;

    return &c->options.link.brokers->list[route.broker];
}

const struct hint *connection_hint(const struct connection *c)
{
    return &c->hint;
}

struct link_bytes connection_bytes(const struct connection *c)
{
    return c->link != NULL ? link_bytes(c->link) : c->past;
}

void connection_free(struct connection *c)
{
    if (c == NULL)
        return;
    let_go(c);
    free(c);
}
