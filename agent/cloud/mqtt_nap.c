/* mqtt_nap.c - Paho's receive thread calls usleep for 100 ms each time its
 * poll(2) found nothing, the first time after 10 ms, and hears nothing
 * meanwhile: a CONNACK that comes later than those 10 ms is noticed after 110,
 * and a message that comes in a nap waits for its end.  Without a connection
 * it does nothing but nap, ten times a second.  Paho offers no switch, so
 * usleep is ours in this program (the linker prefers it to libc's): short while
 * there is a connection, whose poll(2) then blocks for a second, and long, but
 * ended by the next connection, when there is none.
 *
 * For the same reason poll is ours.  From its second connection on, Paho looks
 * whether its connect(2) is done without waiting, and then waits a second for
 * something to read before it acts on that: every reconnect would cost a
 * second.  So for the first moments of a connection the waits of the thread
 * that naps are short; every other poll in this program is the system's. */

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
#define HASTE_MS 2
#define HASTY    50 /* waits, at the most, after a connection begins */

static pthread_t loops_thread;
static atomic_bool started;
static atomic_int reasons;          /* to stay awake */
static int alarm_clock = -1;        /* readable while there is a reason */
static atomic_int hasty;            /* waits that are still to be short */
static _Thread_local bool is_pahos; /* this thread has napped */

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

    atomic_store(&hasty, HASTY);
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

/* poll(2), which is ours below. */
static int wait_ms(struct pollfd *fds, nfds_t count, int ms)
{
    const struct timespec time = {
        .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    return ppoll(fds, count, ms < 0 ? NULL : &time, NULL);
}

/* Beside the loop's thread only Paho's come here. */
int usleep(useconds_t us)
{
    struct pollfd alarm = {.fd = alarm_clock, .events = POLLIN};

    if (!atomic_load(&started) || pthread_equal(pthread_self(), loops_thread))
        return sleep_us(us);
    is_pahos = true;
    if (atomic_load(&reasons) > 0)
        return sleep_us(us < SHORT_US ? us : SHORT_US);
    return wait_ms(&alarm, 1, LONG_MS) < 0 ? -1 : 0;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (is_pahos && timeout_ms > HASTE_MS && atomic_fetch_sub(&hasty, 1) > 0)
        timeout_ms = HASTE_MS;
    return wait_ms(fds, count, timeout_ms);
}
