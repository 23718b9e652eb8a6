/* Paho says CONNECT as soon as there is a connection. */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "as_paho.h"
#include "cloud/mqtt_nap.h"
#include "paho_scene.h"
#include "ports/port.h"

#define TRIES   5   /* the machine may be busy with something else */
#define LATE_MS 900 /* Paho by itself waits for a second */

/* --- the call ------------------------------------------------------------- */

struct caller {
    struct sockaddr_in address;
    int fd;
    int outcome; /* 0 or errno */
    int64_t ms;
};

static void *call(void *context)
{
    struct caller *c = context;
    int64_t began = port_monotonic_ms();

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(c->fd >= 0);
    c->outcome =
        connect(c->fd, (struct sockaddr *)&c->address, sizeof(c->address)) == 0
        ? 0
        : errno;
    c->ms = port_monotonic_ms() - began;
    return NULL;
}

static void *call_as_sender(void *context)
{
    be_sender();
    return call(context);
}

static void the_send_thread_is_connected_when_the_call_returns(void **state)
{
    struct caller c = {.fd = -1};
    int listener = paho_scene_listen(0, &c.address);

    (void)state;
    run(call_as_sender, &c);
    assert_int_equal(c.outcome, 0);
    (void)close(c.fd);
    (void)close(listener);
}

static void every_other_thread_is_told_that_it_is_in_progress(void **state)
{
    struct caller c = {.fd = -1};
    int listener = paho_scene_listen(0, &c.address);

    (void)state;
    run(call, &c);
    assert_int_equal(c.outcome, EINPROGRESS);
    (void)close(c.fd);
    (void)close(listener);
}

static void a_refusal_is_told_as_one(void **state)
{
    struct caller c = {.fd = -1};

    (void)state;
    (void)close(paho_scene_listen(0, &c.address));
    run(call_as_sender, &c);
    assert_int_equal(c.outcome, ECONNREFUSED);
    (void)close(c.fd);
}

/* The listener's queue is full, so the kernel lets the caller wait. */
static void who_is_kept_waiting_is_told_so_after_a_second(void **state)
{
    struct caller c[3] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
    struct sockaddr_in address;
    int listener = paho_scene_listen(0, &address);

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        c[i].address = address;
        run(call_as_sender, &c[i]);
    }
    assert_int_equal(c[2].outcome, EINPROGRESS);
    assert_in_range(c[2].ms, 990, 30000);
    for (size_t i = 0; i < 3; i++)
        (void)close(c[i].fd);
    (void)close(listener);
}

/* --- Paho ----------------------------------------------------------------- */

static void on_connected(void *context, bool session_present)
{
    (void)context;
    (void)session_present;
}

static void on_ended(void *context, const struct mqtt_end *end)
{
    (void)context;
    (void)end;
}

/* From the beginning of a connection until its CONNECT is here. */
static int64_t say_connect(struct mqtt_room *room, int listener, uint16_t port)
{
    const struct mqtt_options options = {.client_id = "test",
        .port = port,
        .version_5 = true,
        .keep_alive_s = 60,
        .timeout_ms = 5000,
        .puback_ms = 60000};
    const struct mqtt_events events = {on_connected, paho_scene_published,
        paho_scene_subscribed, paho_scene_message, on_ended, NULL};
    int64_t began = port_monotonic_ms();
    struct mqtt *mqtt;
    unsigned char first = 0;
    int fd;

    assert_int_equal(mqtt_start(room, &options, &events, &mqtt), ERR_OK);
    fd = accept(listener, NULL, NULL);
    assert_int_equal(read(fd, &first, 1), 1);
    assert_int_equal(first, 0x10);
    mqtt_free(mqtt);
    (void)close(fd);
    return port_monotonic_ms() - began;
}

/* Of some connections that are not the first one the fastest, or, where Paho is
 * left alone, the slowest. */
static int64_t reconnect(bool alone)
{
    struct sockaddr_in address;
    int listener = paho_scene_listen(0, &address);
    uint16_t port = ntohs(address.sin_port);
    struct loop *loop = loop_new();
    struct mqtt_room *room;
    int64_t found = alone ? 0 : INT64_MAX;

    assert_int_equal(mqtt_room_new(loop, &room), ERR_OK);
    if (alone)
        mqtt_nap_stop(); /* its calls are the system's */
    (void)say_connect(room, listener, port);
    for (int i = 0; i < TRIES && (found < LATE_MS) == alone; i++) {
        int64_t ms = say_connect(room, listener, port);

        found = (ms < found) == alone ? found : ms;
    }
    if (alone)
        mqtt_nap_start();
    mqtt_room_free(room);
    loop_free(loop);
    (void)close(listener);
    return found;
}

static void a_reconnect_says_connect_at_once(void **state)
{
    (void)state;
    assert_true(reconnect(false) < LATE_MS);
}

/* The twin. */
static void a_paho_left_alone_would_wait_for_a_second(void **state)
{
    (void)state;
    assert_true(reconnect(true) >= LATE_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_send_thread_is_connected_when_the_call_returns),
        cmocka_unit_test(every_other_thread_is_told_that_it_is_in_progress),
        cmocka_unit_test(a_refusal_is_told_as_one),
        cmocka_unit_test(who_is_kept_waiting_is_told_so_after_a_second),
        cmocka_unit_test(a_reconnect_says_connect_at_once),
        cmocka_unit_test(a_paho_left_alone_would_wait_for_a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
