/* Paho's send thread is woken once for all that it is given in a turn. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

#include "as_paho.h"
#include "cloud/mqtt_nap.h"
#include "cmocka_all.h"

#define ASLEEP_MS 150
#define MOST_MS   10000

struct sleeper {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    atomic_int wakes;
    atomic_bool ends;
};

static void rest_ms(long ms)
{
    const struct timespec time = {
        .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

/* As Paho's send thread, which waits a minute here. */
static void *sleep_as_sender(void *context)
{
    struct sleeper *s = context;
    struct timespec until;

    be_sender();
    while (!s->ends) {
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 60;
        (void)pthread_mutex_lock(&s->mutex);
        (void)pthread_cond_timedwait(&s->cond, &s->mutex, &until);
        (void)pthread_mutex_unlock(&s->mutex);
        s->wakes++;
    }
    return NULL;
}

static void begin(struct sleeper *s)
{
    *s = (struct sleeper){
        .mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    mqtt_nap_start();
    mqtt_nap_disturb();
    assert_int_equal(pthread_create(&s->thread, NULL, sleep_as_sender, s), 0);
    rest_ms(ASLEEP_MS);
    s->wakes = 0;
}

/* As Paho does when it is given something. */
static void give(struct sleeper *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    (void)pthread_cond_signal(&s->cond);
    (void)pthread_mutex_unlock(&s->mutex);
}

static void end(struct sleeper *s)
{
    s->ends = true;
    give(s);
    pthread_join(s->thread, NULL);
    mqtt_nap_allow();
    mqtt_nap_stop();
}

static bool wakes_up(const struct sleeper *s)
{
    for (int ms = 0; ms < MOST_MS && s->wakes == 0; ms += 5)
        rest_ms(5);
    return s->wakes > 0;
}

static void it_sleeps_on_while_it_is_given_messages(void **state)
{
    struct sleeper s;

    (void)state;
    begin(&s);
    for (int i = 0; i < 20; i++) {
        mqtt_nap_hold();
        give(&s);
        mqtt_nap_release();
    }
    rest_ms(ASLEEP_MS);
    assert_int_equal(s.wakes, 0);
    mqtt_nap_hurry();
    assert_true(wakes_up(&s));
    assert_int_equal(s.wakes, 1);
    end(&s);
}

/* The twin. */
static void without_a_hold_each_would_wake_it(void **state)
{
    struct sleeper s;

    (void)state;
    begin(&s);
    give(&s);
    assert_true(wakes_up(&s));
    end(&s);
}

static void *give_elsewhere(void *context)
{
    give(context);
    return NULL;
}

static void what_another_thread_says_is_never_held(void **state)
{
    struct sleeper s;
    pthread_t other;

    (void)state;
    begin(&s);
    mqtt_nap_hold();
    assert_int_equal(pthread_create(&other, NULL, give_elsewhere, &s), 0);
    pthread_join(other, NULL);
    assert_true(wakes_up(&s));
    mqtt_nap_release();
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sleeps_on_while_it_is_given_messages),
        cmocka_unit_test(without_a_hold_each_would_wake_it),
        cmocka_unit_test(what_another_thread_says_is_never_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
