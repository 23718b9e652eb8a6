/* mqtt_nap.c - Paho's receive thread calls usleep for 100 ms each time its
 * poll(2) found nothing, the first time after 10 ms, and hears nothing
 * meanwhile: a CONNACK that comes later than those 10 ms is noticed after 110,
 * and a message that comes in a nap waits for its end.  Paho offers no switch,
 * so usleep is ours in this program (the linker prefers it to libc's): short
 * while there is a connection, whose poll(2) then blocks for a second, and as
 * long as asked when there is none. */

#include "cloud/mqtt_nap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#define SHORT_US 1000

static pthread_t loops_thread;
static atomic_bool started;
static atomic_int connections;

void mqtt_nap_start(void)
{
    loops_thread = pthread_self();
    atomic_store(&started, true);
}

void mqtt_nap_disturb(void)
{
    atomic_fetch_add(&connections, 1);
}

void mqtt_nap_allow(void)
{
    atomic_fetch_sub(&connections, 1);
}

/* Paho's threads are the only ones that come here beside the loop's. */
static bool may_be_short(useconds_t us)
{
    return us > SHORT_US && atomic_load(&started) &&
        atomic_load(&connections) > 0 &&
        !pthread_equal(pthread_self(), loops_thread);
}

int usleep(useconds_t us)
{
    useconds_t length = may_be_short(us) ? SHORT_US : us;
    struct timespec time = {
        .tv_sec = length / 1000000, .tv_nsec = (long)(length % 1000000) * 1000};

    return nanosleep(&time, NULL);
}
