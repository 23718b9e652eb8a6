/* With nothing to do Paho's threads sleep as long as nothing is due, and hear
 * what comes all the same. */

#include <dirent.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud/mqtt_nap.h"
#include "paho_scene.h"
#include "ports/port.h"

#define CALM_MS  1700 /* after its last word Paho dozes */
#define WATCH_MS 3500
#define COUNT    "voluntary_ctxt_switches:\t"

struct broker {
    const struct paho_scene *scene;
    atomic_int pings, publishes;
    _Atomic int64_t ping_ms, publish_ms;
    atomic_int fd; /* of the client; 0: none */
};

struct world {
    struct paho_scene scene;
    struct loop_timer *enough;
    struct broker broker;
    int messages;
    int64_t heard_ms;
};

/* One packet of Paho's comes in one piece here. */
static void answer(struct broker *b, int fd, unsigned char kind)
{
    static const unsigned char pingresp[] = {0xD0, 0};

    if (kind == 0x10) {
        (void)!write(fd, paho_scene_connack, sizeof(paho_scene_connack));
    } else if (kind == 0xC0) {
        b->ping_ms = port_monotonic_ms();
        b->pings++;
        (void)!write(fd, pingresp, sizeof(pingresp));
    } else if (kind == 0x30) {
        b->publish_ms = port_monotonic_ms();
        b->publishes++;
    }
}

static void *serve(void *context)
{
    struct broker *b = &((struct world *)context)->broker;
    unsigned char bytes[512];
    int fd = accept(b->scene->listener, NULL, NULL);

    if (fd < 0)
        return NULL;
    b->fd = fd;
    while (read(fd, bytes, sizeof(bytes)) > 0)
        answer(b, fd, bytes[0] & 0xF0);
    close(fd);
    return NULL;
}

static void on_connected(void *context, bool session_present)
{
    struct world *w = context;

    (void)session_present;
    loop_stop(w->scene.loop);
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct world *w = context;

    (void)message;
    w->messages++;
    w->heard_ms = port_monotonic_ms();
    loop_stop(w->scene.loop);
}

static void on_ended(void *context, const struct mqtt_end *end)
{
    struct world *w = context;

    (void)end;
    loop_stop(w->scene.loop);
}

static void on_enough(void *context)
{
    struct world *w = context;

    w->enough = NULL;
    loop_stop(w->scene.loop);
}

static void run_ms(struct world *w, uint64_t ms)
{
    w->enough = loop_timer_start(w->scene.loop, ms, on_enough, w);
    assert_non_null(w->enough);
    loop_run(w->scene.loop);
    loop_timer_cancel(w->enough);
}

static void connect_world(struct world *w, uint16_t keep_alive_s)
{
    const struct mqtt_events events = {on_connected, paho_scene_published,
        paho_scene_subscribed, on_message, on_ended, w};

    w->broker.scene = &w->scene;
    paho_scene_start(&w->scene, serve, &events, keep_alive_s);
    loop_run(w->scene.loop);
}

/* How often a thread of this process went to sleep by itself; 0 for one whose
 * name does not begin so. */
static long sleeps_of(const char *tid, const char *name)
{
    char path[288], line[128];
    bool fits = false;
    long count = 0;
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%s/status", tid);
    f = fopen(path, "re");
    if (f == NULL)
        return 0;
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "Name:\t", 6) == 0)
            fits = strncmp(line + 6, name, strlen(name)) == 0;
        if (strncmp(line, COUNT, sizeof(COUNT) - 1) == 0)
            count = strtol(line + sizeof(COUNT) - 1, NULL, 10);
    }
    (void)fclose(f);
    return fits ? count : 0;
}

static long sleeps(const char *name)
{
    DIR *folder = opendir("/proc/self/task");
    const struct dirent *entry;
    long count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        count += sleeps_of(entry->d_name, name);
    (void)closedir(folder);
    return count;
}

/* How often Paho's threads woke in WATCH_MS; `owes`: it owes an answer. */
static long wakes_when_idle(bool owes)
{
    struct world w = {.messages = 0};
    long before, after;

    connect_world(&w, 60);
    run_ms(&w, CALM_MS);
    if (owes) {
        mqtt_nap_await(true);
        mqtt_nap_hurry();
    }
    before = sleeps("MQTTAsync_");
    run_ms(&w, WATCH_MS);
    after = sleeps("MQTTAsync_");
    if (owes)
        mqtt_nap_await(false);
    paho_scene_end(&w.scene);
    return after - before;
}

static void pahos_threads_sleep_while_there_is_nothing_to_do(void **state)
{
    (void)state;
    assert_in_range(wakes_when_idle(false), 0, 1);
}

/* The twin: so often it wakes when it is let. */
static void they_tick_while_paho_owes_an_answer(void **state)
{
    (void)state;
    assert_in_range(wakes_when_idle(true), 5, 1000);
}

static void a_message_that_comes_in_a_doze_is_heard_at_once(void **state)
{
    struct world w = {.messages = 0};
    int64_t said_ms;

    (void)state;
    connect_world(&w, 60);
    run_ms(&w, CALM_MS);
    said_ms = port_monotonic_ms();
    assert_int_equal(
        write(w.broker.fd, paho_scene_publish, sizeof(paho_scene_publish)),
        (int)sizeof(paho_scene_publish));
    run_ms(&w, 5000);
    assert_int_equal(w.messages, 1);
    assert_in_range(w.heard_ms - said_ms, 0, 500);
    paho_scene_end(&w.scene);
}

static void a_publish_leaves_a_doze_at_once(void **state)
{
    const struct mqtt_message message = {
        .topic = "t", .payload = "x", .len = 1};
    struct world w = {.messages = 0};
    int64_t said_ms;

    (void)state;
    connect_world(&w, 60);
    run_ms(&w, CALM_MS);
    said_ms = port_monotonic_ms();
    assert_int_equal(mqtt_publish(w.scene.mqtt, 1, &message), ERR_OK);
    run_ms(&w, 700);
    assert_int_equal(w.broker.publishes, 1);
    assert_in_range(w.broker.publish_ms - said_ms, 0, 500);
    paho_scene_end(&w.scene);
}

/* A broker closes after one and a half keep-alives without a word. */
static void pingreq_is_said_in_time_out_of_a_doze(void **state)
{
    struct world w = {.messages = 0};
    int64_t began_ms;

    (void)state;
    connect_world(&w, 5);
    began_ms = port_monotonic_ms();
    run_ms(&w, 7400);
    assert_in_range(w.broker.pings, 1, 2);
    assert_in_range(w.broker.ping_ms - began_ms, 4500, 7400);
    paho_scene_end(&w.scene);
}

static void a_connection_is_ended_out_of_a_doze_at_once(void **state)
{
    struct world w = {.messages = 0};
    int64_t began_ms;

    (void)state;
    connect_world(&w, 60);
    run_ms(&w, CALM_MS);
    began_ms = port_monotonic_ms();
    paho_scene_end(&w.scene);
    assert_in_range(port_monotonic_ms() - began_ms, 0, 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pahos_threads_sleep_while_there_is_nothing_to_do),
        cmocka_unit_test(they_tick_while_paho_owes_an_answer),
        cmocka_unit_test(a_message_that_comes_in_a_doze_is_heard_at_once),
        cmocka_unit_test(a_publish_leaves_a_doze_at_once),
        cmocka_unit_test(pingreq_is_said_in_time_out_of_a_doze),
        cmocka_unit_test(a_connection_is_ended_out_of_a_doze_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
