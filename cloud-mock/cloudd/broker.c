/* broker.c - libmosquitto without its thread: its socket is watched on the
 * loop, and its housekeeping runs once a second. */

#include "cloudd/broker.h"

#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"

#define KEEP_ALIVE_S 30
#define WAIT_MIN_MS  250
#define WAIT_MAX_MS  4000

struct broker {
    struct loop *loop;
    struct mosquitto *mosquitto;
    struct loop_watch *watch;
    struct loop_timer *housekeeping;
    struct loop_timer *retry;
    struct broker_options options;
    uint64_t wait_ms;
    bool up;
};

static void connect_now(struct broker *b);

static void on_retry(void *context)
{
    struct broker *b = context;

    b->retry = NULL;
    connect_now(b);
}

static void connect_later(struct broker *b)
{
    if (b->retry != NULL)
        return;
    b->retry = loop_timer_start(b->loop, b->wait_ms, on_retry, b);
    if (b->retry == NULL)
        log_error("broker", "no memory: the broker will not be tried again");
    b->wait_ms = b->wait_ms * 2 < WAIT_MAX_MS ? b->wait_ms * 2 : WAIT_MAX_MS;
}

static void lost(struct broker *b, int code)
{
    bool was_up = b->up;

    loop_watch_stop(b->watch);
    b->watch = NULL;
    b->up = false;
    if (was_up) {
        log_warning(
            "broker", "lost: code=%d %s", code, mosquitto_strerror(code));
        b->options.on_link(b->options.context, false);
    }
    connect_later(b);
}

static void on_ready(void *context, unsigned events);

/* After every call into the library: is the socket there, what does it want? */
static void attend(struct broker *b, int code)
{
    int fd = mosquitto_socket(b->mosquitto);
    unsigned events = LOOP_READABLE;

    if (code != MOSQ_ERR_SUCCESS || fd < 0) {
        lost(b, code);
        return;
    }
    if (mosquitto_want_write(b->mosquitto))
        events |= LOOP_WRITABLE;
    if (b->watch != NULL)
        loop_watch_change(b->watch, events);
    else
        b->watch = loop_watch_start(b->loop, fd, events, on_ready, b);
    if (b->watch == NULL)
        lost(b, MOSQ_ERR_NOMEM);
}

static void on_ready(void *context, unsigned events)
{
    struct broker *b = context;
    int code = MOSQ_ERR_SUCCESS;

    if ((events & LOOP_READABLE) != 0)
        code = mosquitto_loop_read(b->mosquitto, 1);
    if (code == MOSQ_ERR_SUCCESS && (events & LOOP_WRITABLE) != 0)
        code = mosquitto_loop_write(b->mosquitto, 1);
    attend(b, code);
}

static void on_housekeeping(void *context)
{
    struct broker *b = context;

    b->housekeeping = loop_timer_start(b->loop, 1000, on_housekeeping, b);
    if (mosquitto_socket(b->mosquitto) >= 0)
        attend(b, mosquitto_loop_misc(b->mosquitto));
}

static void connect_now(struct broker *b)
{
    int code =
        mosquitto_connect(b->mosquitto, b->options.socket, 0, KEEP_ALIVE_S);

    if (code != MOSQ_ERR_SUCCESS)
        log_debug(
            "broker", "not there: code=%d %s", code, mosquitto_strerror(code));
    attend(b, code);
}

static void on_connack(struct mosquitto *mosquitto, void *context, int code)
{
    struct broker *b = context;

    (void)mosquitto;
    if (code != 0) {
        log_error("broker", "refused us: code=%d %s", code,
            mosquitto_connack_string(code));
        return;
    }
    log_info("broker", "connected: socket=%s", b->options.socket);
    b->up = true;
    b->wait_ms = WAIT_MIN_MS;
    b->options.on_link(b->options.context, true);
}

static void on_message(struct mosquitto *mosquitto, void *context,
    const struct mosquitto_message *message)
{
    struct broker *b = context;

    (void)mosquitto;
    b->options.on_message(b->options.context,
        &(struct broker_message){
            .topic = message->topic,
            .payload = message->payload,
            .len = (size_t)message->payloadlen,
            .retained = message->retain,
        });
}

enum err broker_new(struct loop *loop, const struct broker_options *options,
    struct broker **out)
{
    struct broker *b = calloc(1, sizeof(*b));

    if (b == NULL)
        return ERR_NO_MEMORY;
    (void)mosquitto_lib_init();
    b->loop = loop;
    b->options = *options;
    b->wait_ms = WAIT_MIN_MS;
    b->mosquitto = mosquitto_new(options->client_id, false, b);
    b->housekeeping = loop_timer_start(loop, 1000, on_housekeeping, b);
    if (b->mosquitto == NULL || b->housekeeping == NULL) {
        broker_free(b);
        return ERR_NO_MEMORY;
    }
    mosquitto_connect_callback_set(b->mosquitto, on_connack);
    mosquitto_message_callback_set(b->mosquitto, on_message);
    connect_now(b);
    *out = b;
    return ERR_OK;
}

void broker_free(struct broker *broker)
{
    if (broker == NULL)
        return;
    loop_watch_stop(broker->watch);
    loop_timer_cancel(broker->retry);
    loop_timer_cancel(broker->housekeeping);
    if (broker->mosquitto != NULL) {
        (void)mosquitto_disconnect(broker->mosquitto);
        mosquitto_destroy(broker->mosquitto);
    }
    (void)mosquitto_lib_cleanup();
    free(broker);
}

bool broker_is_up(const struct broker *broker)
{
    return broker->up;
}

static enum err done(struct broker *b, int code, const char *what)
{
    if (code == MOSQ_ERR_SUCCESS) {
        if (mosquitto_want_write(b->mosquitto) && b->watch != NULL)
            loop_watch_change(b->watch, LOOP_READABLE | LOOP_WRITABLE);
        return ERR_OK;
    }
    log_warning(
        "broker", "%s: code=%d %s", what, code, mosquitto_strerror(code));
    return code == MOSQ_ERR_NOMEM ? ERR_NO_MEMORY : ERR_AGAIN;
}

enum err broker_publish(
    struct broker *broker, const char *topic, const void *payload, size_t len)
{
    if (!broker->up)
        return ERR_AGAIN;
    return done(broker,
        mosquitto_publish(
            broker->mosquitto, NULL, topic, (int)len, payload, 1, false),
        "publish failed");
}

enum err broker_subscribe(struct broker *broker, const char *filter)
{
    if (!broker->up)
        return ERR_AGAIN;
    return done(broker, mosquitto_subscribe(broker->mosquitto, NULL, filter, 1),
        "subscribe failed");
}
