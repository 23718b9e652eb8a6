/* A connection that dies gives back all that it took.
 *
 * The broker here lets a client in and reads no more, so that Paho cannot send
 * most of what it is given; then the connection is freed.  That again and
 * again, and what the process holds is compared.  The twin gives Paho no
 * persistence: it never frees what it had not begun to send (its issue 1474,
 * mended in 1.3.14). */

#include <MQTTAsync.h>
#include <arpa/inet.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud/mqtt.h"
#include "cloud/mqtt_unsent.h"
#include "paho_scene.h"

#define LIVES         6
#define WARM_UP       2
#define MESSAGES      90
#define PAYLOAD_BYTES 100000 /* no socket takes 90 of them */
/* What may come and go.  ASan counts what is allocated, and one connection is
 * more than that; the C library counts what it keeps at hand, too. */
#define SPARE_BYTES   4000
#define AT_HAND_BYTES 65536
#define LINGER_MS     100
#define PATIENCE_MS   20000

/* With its allocator, ASan counts; else the C library does. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

int __real_MQTTAsync_createWithOptions(MQTTAsync *handle, const char *uri,
    const char *client_id, int kind, void *persistence,
    MQTTAsync_createOptions *options);
int __wrap_MQTTAsync_createWithOptions(MQTTAsync *handle, const char *uri,
    const char *client_id, int kind, void *persistence,
    MQTTAsync_createOptions *options);

static bool without_persistence;

int __wrap_MQTTAsync_createWithOptions(MQTTAsync *handle, const char *uri,
    const char *client_id, int kind, void *persistence,
    MQTTAsync_createOptions *options)
{
    if (without_persistence) {
        kind = MQTTCLIENT_PERSISTENCE_NONE;
        persistence = NULL;
    }
    return __real_MQTTAsync_createWithOptions(
        handle, uri, client_id, kind, persistence, options);
}

struct world {
    struct loop *loop;
    struct mqtt_room *room;
    struct mqtt *mqtt;
    int listener;
    uint16_t port;
    bool reads;   /* the broker, all that comes */
    bool lingers; /* the client, so that Paho begins with some */
    unsigned wanted, answered;
    int ears[LIVES]; /* the broker's ends */
};

static size_t spare(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL ? SPARE_BYTES
                                                           : AT_HAND_BYTES;
}

static size_t held(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL
        ? __sanitizer_get_current_allocated_bytes()
        : mallinfo2().uordblks;
}

/* --- the broker ------------------------------------------------------------
 */

static bool read_whole(int fd, unsigned char *bytes, size_t len)
{
    ssize_t got;

    for (; len > 0; len -= (size_t)got) {
        got = read(fd, bytes, len);
        if (got <= 0)
            return false;
        bytes += got;
    }
    return true;
}

/* One packet, of which so much is kept as there is room for; its type, or 0. */
static unsigned char read_packet(int fd, unsigned char *bytes, size_t room)
{
    unsigned char head, digit, rest[4096];
    size_t len = 0;

    if (!read_whole(fd, &head, 1))
        return 0;
    for (unsigned shift = 0;; shift += 7) {
        if (!read_whole(fd, &digit, 1))
            return 0;
        len |= (size_t)(digit & 0x7f) << shift;
        if (digit < 0x80)
            break;
    }
    for (size_t now; len > 0; len -= now, room = 0) {
        now = room > 0 && room < len ? room : len;
        now = now < sizeof(rest) ? now : sizeof(rest);
        if (!read_whole(fd, rest, now))
            return 0;
        if (room > 0)
            memcpy(bytes, rest, now);
    }
    return head & 0xf0;
}

/* PUBACK each; the topic is "t". */
static void answer_all(int fd)
{
    unsigned char head[5];

    while (read_packet(fd, head, sizeof(head)) == 0x30) {
        const unsigned char puback[] = {0x40, 2, head[3], head[4]};

        if (write(fd, puback, sizeof(puback)) != sizeof(puback))
            return;
    }
}

static void *serve(void *context)
{
    struct world *w = context;
    unsigned char bytes[256];

    for (size_t life = 0; life < LIVES; life++) {
        int fd = accept(w->listener, NULL, NULL);

        if (fd < 0 || read(fd, bytes, sizeof(bytes)) <= 0 ||
            write(fd, paho_scene_connack, sizeof(paho_scene_connack)) !=
                sizeof(paho_scene_connack))
            return NULL;
        if (w->reads)
            answer_all(fd);
        w->ears[life] = fd;
    }
    return NULL;
}

/* --- the client ------------------------------------------------------------
 */

static void on_enough(void *context)
{
    loop_stop(context);
}

static void on_connected(void *context, bool session_present)
{
    static unsigned char payload[PAYLOAD_BYTES];
    struct world *w = context;
    const struct mqtt_tag tag = {"id", "9f3a61c2-17"};
    const struct mqtt_message message = {.topic = "t",
        .payload = payload,
        .len = w->reads ? 1000 : sizeof(payload),
        .tags = &tag,
        .tag_count = 1};

    (void)session_present;
    for (uint64_t i = 0; i < MESSAGES; i++)
        assert_int_equal(mqtt_publish(w->mqtt, i, &message), ERR_OK);
    if (w->reads)
        return;
    if (w->lingers)
        assert_non_null(
            loop_timer_start(w->loop, LINGER_MS, on_enough, w->loop));
    else
        loop_stop(w->loop);
}

static void on_published(void *context, uint64_t token, bool accepted)
{
    struct world *w = context;

    assert_int_equal(token, w->answered++);
    assert_true(accepted);
    if (w->answered == MESSAGES)
        loop_stop(w->loop);
}

static void on_ended(void *context, const struct mqtt_end *end)
{
    (void)context;
    fail_msg("the connection ended reason=%d", end->reason);
}

static void on_too_late(void *context)
{
    (void)context;
    fail_msg("nothing happens");
}

/* From CONNECT to its memory. */
static void live(struct world *w)
{
    const struct mqtt_options options = {.port = w->port,
        .client_id = "test",
        .version_5 = true,
        .keep_alive_s = 60,
        .timeout_ms = PATIENCE_MS,
        .puback_ms = PATIENCE_MS};
    const struct mqtt_events events = {on_connected, on_published,
        paho_scene_subscribed, paho_scene_message, on_ended, w};
    struct loop_timer *late =
        loop_timer_start(w->loop, PATIENCE_MS, on_too_late, NULL);

    w->answered = 0;
    assert_int_equal(mqtt_start(w->room, &options, &events, &w->mqtt), ERR_OK);
    loop_run(w->loop);
    loop_timer_cancel(late);
    mqtt_free(w->mqtt);
    loop_flush(w->loop); /* the loop's next turn */
}

/* Bytes that so many lives leave behind. */
static size_t left_behind(struct world *w)
{
    struct sockaddr_in address;
    pthread_t broker;
    size_t before = 0;

    w->listener = paho_scene_listen(1, &address);
    w->port = ntohs(address.sin_port);
    w->loop = loop_new();
    assert_int_equal(mqtt_room_new(w->loop, &w->room), ERR_OK);
    assert_int_equal(pthread_create(&broker, NULL, serve, w), 0);
    for (int life = 0; life < LIVES; life++) {
        if (life == WARM_UP)
            before = held();
        live(w);
    }
    before = held() > before ? held() - before : 0;
    print_message("# %zu bytes are left behind\n", before);
    mqtt_room_free(w->room);
    loop_free(w->loop);
    pthread_join(broker, NULL);
    for (size_t life = 0; life < LIVES; life++)
        close(w->ears[life]);
    close(w->listener);
    return before;
}

static void what_paho_had_not_begun_to_send_is_given_back(void **state)
{
    struct world w = {.reads = false};

    (void)state;
    without_persistence = false;
    assert_in_range(left_behind(&w), 0, spare());
}

static void what_it_had_begun_or_not_in_a_line_that_stalls_is_too(void **state)
{
    struct world w = {.lingers = true};

    (void)state;
    without_persistence = false;
    assert_in_range(left_behind(&w), 0, spare());
}

static void twin_without_a_persistence_it_is_not(void **state)
{
    struct world w = {.reads = false};

    (void)state;
    if (!mqtt_unsent_is_needed())
        skip();
    without_persistence = true;
    assert_true(left_behind(&w) > (LIVES - WARM_UP) * PAYLOAD_BYTES);
}

static void what_was_answered_came_in_order_and_leaves_nothing(void **state)
{
    struct world w = {.reads = true};

    (void)state;
    without_persistence = false;
    assert_in_range(left_behind(&w), 0, spare());
    assert_int_equal(w.answered, MESSAGES);
}

static void a_paho_that_frees_what_it_did_not_send_needs_no_help(void **state)
{
    (void)state;
    assert_true(mqtt_unsent_is_needed_by("1.3.11"));
    assert_true(mqtt_unsent_is_needed_by("1.3.13"));
    assert_true(mqtt_unsent_is_needed_by("1.2"));
    assert_true(mqtt_unsent_is_needed_by("0.9.9"));
    assert_true(mqtt_unsent_is_needed_by("1.3"));
    assert_true(mqtt_unsent_is_needed_by("unknown"));
    assert_true(mqtt_unsent_is_needed_by(""));
    assert_false(mqtt_unsent_is_needed_by("1.3.14"));
    assert_false(mqtt_unsent_is_needed_by("1.3.14-rc1"));
    assert_false(mqtt_unsent_is_needed_by("1.4.0"));
    assert_false(mqtt_unsent_is_needed_by("2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_paho_had_not_begun_to_send_is_given_back),
        cmocka_unit_test(what_it_had_begun_or_not_in_a_line_that_stalls_is_too),
        cmocka_unit_test(what_was_answered_came_in_order_and_leaves_nothing),
        cmocka_unit_test(a_paho_that_frees_what_it_did_not_send_needs_no_help),
        cmocka_unit_test(twin_without_a_persistence_it_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
