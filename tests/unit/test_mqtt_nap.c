/* Paho hears a message when it comes, and sleeps when there is nobody.
 *
 * After CONNACK its receive thread waits in poll(2) for one second, then naps
 * for 100 ms; the broker here speaks in the middle of that nap. */

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cloud/mqtt_nap.h"
#include "paho_scene.h"
#include "ports/port.h"

#define MESSAGE_MS 1040 /* after CONNACK: the nap lasts from 1000 to 1100 */
#define LATE_MS    45   /* what is left of the nap then, but for 15 ms */
#define TRIES      2    /* the machine may be busy with something else */
/* The twin's: a nap of a second hides a message for so long, four times out of
 * five; a busy machine alone seldom does. */
#define ASLEEP_MS    200
#define ASLEEP_TRIES 6
#define SHIFT_MS     170 /* another moment of the nap in each try */

struct world {
    struct paho_scene scene;
    int64_t pause_ms; /* from CONNACK to the message */
    _Atomic int64_t said_ms;
    int64_t heard_ms;
    bool falls_asleep; /* Paho, after CONNACK and until long after MESSAGE_MS */
};

/* Not usleep: that is what is tested. */
static void rest_ms(int64_t ms)
{
    const struct timespec time = {
        .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&time, NULL);
}

/* A broker that says one thing to one client. */
static void *speak_late(void *context)
{
    const unsigned char *connack = paho_scene_connack;
    const unsigned char *publish = paho_scene_publish;
    struct world *w = context;
    char bytes[256];
    int fd = accept(w->scene.listener, NULL, NULL);

    if (fd < 0 || read(fd, bytes, sizeof(bytes)) <= 0 ||
        write(fd, connack, sizeof(paho_scene_connack)) !=
            sizeof(paho_scene_connack))
        return NULL;
    rest_ms(w->pause_ms);
    w->said_ms = port_monotonic_ms();
    if (write(fd, publish, sizeof(paho_scene_publish)) ==
        sizeof(paho_scene_publish))
        while (read(fd, bytes, sizeof(bytes)) > 0) {
        }
    close(fd);
    return NULL;
}

static void wake_paho(void *context)
{
    (void)context;
    mqtt_nap_disturb();
}

static void on_connected(void *context, bool session_present)
{
    struct world *w = context;

    (void)session_present;
    if (!w->falls_asleep)
        return;
    mqtt_nap_allow();
    assert_non_null(
        loop_timer_start(w->scene.loop, MESSAGE_MS + 500, wake_paho, NULL));
}

static void on_message(void *context, const struct mqtt_message *message)
{
    struct world *w = context;

    assert_string_equal(message->topic, "t");
    w->heard_ms = port_monotonic_ms();
    loop_stop(w->scene.loop);
}

static void on_ended(void *context, const struct mqtt_end *end)
{
    struct world *w = context;

    (void)end;
    loop_stop(w->scene.loop);
}

/* How long the message was on its way; `asleep`: Paho may nap meanwhile. */
static int64_t listen_once(bool asleep, int64_t pause_ms)
{
    struct world w = {
        .heard_ms = -1, .pause_ms = pause_ms, .falls_asleep = asleep};
    const struct mqtt_events events = {on_connected, paho_scene_published,
        paho_scene_subscribed, on_message, on_ended, &w};

    paho_scene_start(&w.scene, speak_late, &events, 60);
    loop_run(w.scene.loop);
    paho_scene_end(&w.scene);
    assert_true(w.heard_ms >= 0);
    return w.heard_ms - w.said_ms;
}

static void a_message_is_heard_when_it_comes(void **state)
{
    int64_t best = INT64_MAX;

    (void)state;
    for (int i = 0; i < TRIES && best >= LATE_MS; i++) {
        int64_t ms = listen_once(false, MESSAGE_MS);

        best = ms < best ? ms : best;
    }
    assert_true(best < LATE_MS);
}

static void on_enough(void *context)
{
    loop_stop(context);
}

/* Whoever has not heard yet that a connection ended may still publish. */
static void a_publish_on_a_connection_that_was_freed_is_refused(void **state)
{
    struct world w = {.heard_ms = -1};
    const struct mqtt_message message = {
        .topic = "t", .payload = "late", .len = 4};
    const struct mqtt_events events = {on_connected, paho_scene_published,
        paho_scene_subscribed, on_message, on_ended, &w};
    struct mqtt *mqtt;

    (void)state;
    paho_scene_start(&w.scene, NULL, &events, 60);
    mqtt = w.scene.mqtt;
    w.scene.mqtt = NULL;
    mqtt_free(mqtt);
    assert_int_equal(mqtt_publish(mqtt, 1, &message), ERR_IO);
    assert_non_null(
        loop_timer_start(w.scene.loop, 300, on_enough, w.scene.loop));
    loop_run(w.scene.loop); /* what Paho still had to say */
    paho_scene_end(&w.scene);
}

/* The twin: what is measured above is the nap. */
static void a_paho_left_alone_would_hear_it_later(void **state)
{
    int64_t worst = 0;

    (void)state;
    for (int i = 0; i < ASLEEP_TRIES && worst < ASLEEP_MS; i++) {
        int64_t ms = listen_once(true, MESSAGE_MS + i * SHIFT_MS);

        worst = ms > worst ? ms : worst;
    }
    assert_true(worst >= ASLEEP_MS);
}

static void be_paho(void)
{
    (void)prctl(PR_SET_NAME, "MQTTAsync_rcv");
}

static void *nap(void *context)
{
    int64_t *ms = context;
    int64_t began = port_monotonic_ms();

    (void)usleep(30000);
    *ms = port_monotonic_ms() - began;
    return NULL;
}

static void *nap_as_paho(void *context)
{
    be_paho();
    return nap(context);
}

static int64_t nap_elsewhere(void *(*naps)(void *))
{
    pthread_t thread;
    int64_t ms = -1;

    assert_int_equal(pthread_create(&thread, NULL, naps, &ms), 0);
    pthread_join(thread, NULL);
    return ms;
}

/* The same, until a connection begins after 700 ms. */
static int64_t nap_until_disturbed(void)
{
    pthread_t thread;
    int64_t ms = -1;

    assert_int_equal(pthread_create(&thread, NULL, nap_as_paho, &ms), 0);
    rest_ms(700);
    mqtt_nap_disturb();
    pthread_join(thread, NULL);
    mqtt_nap_allow();
    return ms;
}

static void naps_are_long_while_there_is_no_connection(void **state)
{
    (void)state;
    mqtt_nap_start();
    assert_true(nap_until_disturbed() >= 500);
    mqtt_nap_stop();
}

static void a_connection_that_begins_ends_a_long_nap(void **state)
{
    pthread_t thread;
    int64_t ms = -1;

    (void)state;
    mqtt_nap_start();
    assert_int_equal(pthread_create(&thread, NULL, nap_as_paho, &ms), 0);
    rest_ms(50);
    mqtt_nap_disturb();
    pthread_join(thread, NULL);
    mqtt_nap_allow();
    mqtt_nap_stop();
    assert_in_range(ms, 40, 499);
}

/* Whatever was disturbed before, the next nap without a connection is long. */
static void naps_are_long_again_after_the_last_connection(void **state)
{
    (void)state;
    mqtt_nap_start();
    mqtt_nap_disturb();
    mqtt_nap_disturb();
    mqtt_nap_allow();
    mqtt_nap_allow();
    assert_true(nap_until_disturbed() >= 500);
    mqtt_nap_stop();
}

static void naps_are_short_while_there_is_one(void **state)
{
    (void)state;
    mqtt_nap_start();
    mqtt_nap_disturb();
    assert_true(nap_elsewhere(nap_as_paho) < 29);
    mqtt_nap_allow();
    mqtt_nap_stop();
}

/* A library that drives a key may sleep on a thread of ours. */
static void the_sleep_of_another_thread_is_never_cut_or_made_longer(
    void **state)
{
    (void)state;
    mqtt_nap_start();
    assert_in_range(nap_elsewhere(nap), 29, 30000);
    mqtt_nap_disturb();
    assert_true(nap_elsewhere(nap) >= 29);
    mqtt_nap_allow();
    mqtt_nap_stop();
}

static void the_loops_own_sleep_is_never_cut(void **state)
{
    int64_t ms;

    (void)state;
    mqtt_nap_start();
    mqtt_nap_disturb();
    nap(&ms);
    mqtt_nap_allow();
    mqtt_nap_stop();
    assert_true(ms >= 29);
}

static void *wait_for_nothing(void *context)
{
    int64_t *ms = context;
    int64_t began = port_monotonic_ms();

    (void)poll(NULL, 0, 300);
    *ms = port_monotonic_ms() - began;
    return NULL;
}

static void *wait_as_paho(void *context)
{
    be_paho();
    return wait_for_nothing(context);
}

static void nobodys_wait_is_ever_cut(void **state)
{
    (void)state;
    mqtt_nap_start();
    mqtt_nap_disturb();
    assert_true(nap_elsewhere(wait_for_nothing) >= 299);
    assert_true(nap_elsewhere(wait_as_paho) >= 299);
    mqtt_nap_allow();
    mqtt_nap_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_heard_when_it_comes),
        cmocka_unit_test(a_publish_on_a_connection_that_was_freed_is_refused),
        cmocka_unit_test(a_paho_left_alone_would_hear_it_later),
        cmocka_unit_test(naps_are_long_while_there_is_no_connection),
        cmocka_unit_test(a_connection_that_begins_ends_a_long_nap),
        cmocka_unit_test(naps_are_long_again_after_the_last_connection),
        cmocka_unit_test(naps_are_short_while_there_is_one),
        cmocka_unit_test(the_loops_own_sleep_is_never_cut),
        cmocka_unit_test(
            the_sleep_of_another_thread_is_never_cut_or_made_longer),
        cmocka_unit_test(nobodys_wait_is_ever_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
