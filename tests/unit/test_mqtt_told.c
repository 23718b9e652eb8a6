/* Paho's send thread dozes, and is told what it has to do; nobody else's timed
 * wait is touched. */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "cloud/mqtt_nap.h"
#include "cmocka_all.h"
#include "ports/port.h"

#define CALM_MS 1700 /* after its last word it dozes */
#define ROUNDS  2000

static void rest_ms(int64_t ms)
{
    const struct timespec time = {
        .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&time, NULL);
}

struct sender {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    atomic_int queued, done;
    atomic_bool stops;
};

static struct timespec in_ms(clockid_t clock, int64_t ms)
{
    struct timespec t;

    (void)clock_gettime(clock, &t);
    t.tv_sec += (time_t)(ms / 1000);
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

/* As Paho's: look, then wait for a second, and nothing between the two. */
static void *send_all(void *context)
{
    struct sender *s = context;

    (void)prctl(PR_SET_NAME, "MQTTAsync_send");
    while (!s->stops) {
        struct timespec until;

        while (s->done < s->queued)
            s->done++;
        until = in_ms(CLOCK_REALTIME, 1000);
        (void)pthread_mutex_lock(&s->mutex);
        (void)pthread_cond_timedwait(&s->cond, &s->mutex, &until);
        (void)pthread_mutex_unlock(&s->mutex);
    }
    return NULL;
}

static bool is_done(struct sender *s, int64_t patience_ms)
{
    int64_t until = port_monotonic_ms() + patience_ms;

    while (s->done < s->queued && port_monotonic_ms() < until)
        rest_ms(1);
    return s->done >= s->queued;
}

static void start_sender(struct sender *s, pthread_t *thread)
{
    memset(s, 0, sizeof(*s));
    (void)pthread_mutex_init(&s->mutex, NULL);
    (void)pthread_cond_init(&s->cond, NULL);
    mqtt_nap_start();
    mqtt_nap_keep_alive(60);
    assert_int_equal(pthread_create(thread, NULL, send_all, s), 0);
}

static void stop_sender(struct sender *s, pthread_t thread)
{
    s->stops = true;
    mqtt_nap_hurry();
    pthread_join(thread, NULL);
    mqtt_nap_stop();
    (void)pthread_cond_destroy(&s->cond);
    (void)pthread_mutex_destroy(&s->mutex);
}

/* Whatever the moment at which the thread is told. */
static void no_word_to_the_send_thread_is_lost(void **state)
{
    struct sender s;
    pthread_t thread;

    (void)state;
    start_sender(&s, &thread);
    for (int i = 0; i < ROUNDS; i++) {
        s.queued++;
        mqtt_nap_hurry();
        while (i % 3 != 0 && s.done < s.queued)
            if (!is_done(&s, 900))
                fail_msg("lost in round %d", i);
    }
    assert_true(is_done(&s, 900));
    stop_sender(&s, thread);
}

/* The twin: nothing else would wake it. */
static void a_send_thread_that_is_not_told_dozes_on(void **state)
{
    struct sender s;
    pthread_t thread;

    (void)state;
    start_sender(&s, &thread);
    rest_ms(CALM_MS);
    s.queued++;
    assert_false(is_done(&s, 1500));
    stop_sender(&s, thread);
}

static void *wait_by_the_monotonic_clock(void *context)
{
    int64_t *ms = context, began = port_monotonic_ms();
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_condattr_t monotonic;
    pthread_cond_t cond;
    struct timespec until = in_ms(CLOCK_MONOTONIC, 60);
    int failed;

    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&cond, &monotonic);
    (void)pthread_mutex_lock(&mutex);
    do
        failed = pthread_cond_timedwait(&cond, &mutex, &until);
    while (failed == 0);
    (void)pthread_mutex_unlock(&mutex);
    (void)pthread_cond_destroy(&cond);
    *ms = failed == ETIMEDOUT ? port_monotonic_ms() - began : -1;
    return NULL;
}

static void another_threads_timed_wait_is_libcs(void **state)
{
    pthread_t thread;
    int64_t ms = -1;

    (void)state;
    mqtt_nap_start();
    mqtt_nap_keep_alive(60);
    assert_int_equal(
        pthread_create(&thread, NULL, wait_by_the_monotonic_clock, &ms), 0);
    pthread_join(thread, NULL);
    mqtt_nap_stop();
    assert_in_range(ms, 59, 900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_word_to_the_send_thread_is_lost),
        cmocka_unit_test(a_send_thread_that_is_not_told_dozes_on),
        cmocka_unit_test(another_threads_timed_wait_is_libcs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
