/* mqtt_nap.c - Paho's receive thread calls usleep for 100 ms each time its
 * poll(2) found nothing, the first time after 10 ms, and hears nothing
 * meanwhile: a CONNACK that comes later than those 10 ms is noticed after 110,
 * and a message that comes in a nap waits for its end.  Without a connection
 * it does nothing but nap, ten times a second.  Paho offers no switch, so
 * usleep is ours in this program (the linker prefers it to libc's): short while
 * there is a connection, whose poll(2) then blocks for a second, and long, but
 * ended by the next connection, when there is none. */

#include "cloud/mqtt_nap.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"

#define SHORT_US 1000
#define LONG_MS  1000

static pthread_t loops_thread;
static atomic_bool started;
static atomic_int reasons;   /* to stay awake */
static int alarm_clock = -1; /* readable while there is a reason */

void mqtt_nap_start(void)
{
    loops_thread = pthread_self();
    alarm_clock = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (alarm_clock < 0)
        log_error("mqtt", "no descriptor: Paho may wake up late");
    atomic_store(&started, true);
}

void mqtt_nap_stop(void)
{
    atomic_store(&started, false);
    if (alarm_clock >= 0)
        (void)close(alarm_clock);
    alarm_clock = -1;
}

void mqtt_nap_disturb(void)
{
    const uint64_t one = 1;

    if (atomic_fetch_add(&reasons, 1) == 0 && alarm_clock >= 0 &&
        write(alarm_clock, &one, sizeof(one)) < 0)
        log_debug("mqtt", "Paho may wake up late");
}

void mqtt_nap_allow(void)
{
    uint64_t rung;

    if (atomic_fetch_sub(&reasons, 1) == 1 && alarm_clock >= 0 &&
        read(alarm_clock, &rung, sizeof(rung)) < 0)
        log_debug("mqtt", "the alarm had not rung");
}

static int sleep_us(useconds_t us)
{
    const struct timespec time = {
        .tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};

    return nanosleep(&time, NULL);
}

/* Beside the loop's thread only Paho's come here. */
int usleep(useconds_t us)
{
    struct pollfd alarm = {.fd = alarm_clock, .events = POLLIN};

    if (!atomic_load(&started) || pthread_equal(pthread_self(), loops_thread))
        return sleep_us(us);
    if (atomic_load(&reasons) > 0)
        return sleep_us(us < SHORT_US ? us : SHORT_US);
    return poll(&alarm, 1, LONG_MS) < 0 ? -1 : 0;
}
