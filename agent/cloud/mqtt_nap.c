/* mqtt_nap.c - Paho's two threads tick: awake some three times a second for
 * ever, and yet asleep when something comes.  Paho offers no switch, so the
 * three calls by which they sleep, and one that wakes, are ours in this program
 * (the linker prefers them to libc's); for every other thread they are the
 * system's.
 *
 * The receive thread calls usleep for 100 ms each time its poll(2) found
 * nothing, the first time after 10 ms, and hears nothing meanwhile: a CONNACK
 * that comes later than those 10 ms is noticed after 110.  Here it naps only
 * when it has not waited in poll(2) before, shortly while there is a
 * connection, and until the next one begins when there is none.
 *
 * Otherwise it waits for a second, the send thread for its condition as long,
 * whatever there is to do; what both do then are Paho's timeouts, the rest of
 * what the socket did not take, and PINGREQ.  So while Paho owes an answer, and
 * for TICKS seconds after it was told anything, they wait as Paho wants; then
 * they doze: to the time of the next PINGREQ, or LONG_MS.  Who tells Paho
 * something ends that (mqtt_nap_hurry), after it was told: a doze begins with
 * `dozes` set before `ticks` is read, and hurrying the other way round, so one
 * of them sees the other.  The send thread signalled between its look and its
 * wait would sleep for a second, as Paho is made: `told` spares it that.
 *
 * Each message that Paho is given wakes the send thread, which then takes turns
 * with the loop at Paho's locks, message by message.  So the loop gives what it
 * has and wakes it once: meanwhile the fourth call, pthread_cond_signal, does
 * nothing. */

#include "cloud/mqtt_nap.h"

#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cloud/mqtt_stream.h"
#include "core/log.h"

#define SHORT_US   1000
#define LONG_MS    90000
#define LOOK_MS    2    /* or less: Paho looks, and does not wait */
#define TICKS      1    /* as Paho wants them, before a doze */
#define PING_MS    200  /* after its time: Paho is to find it due */
#define SOCKETS    7    /* of Paho's; it has one, or two for a moment */
#define ROOM_MS    1000 /* at the most, as Paho waits by itself */
#define LISTENER   "MQTTAsync_rcv"
#define SENDER     "MQTTAsync_send"
#define NAME_BYTES 16

struct sleeper {
    atomic_int ticks;  /* that are to come before it dozes */
    atomic_bool dozes; /* it sleeps, or is about to */
};

static pthread_t loops_thread;
static atomic_bool started;
static atomic_int reasons;       /* to stay awake: connections */
static atomic_int awaited;       /* connections that are owed an answer */
static atomic_int keep_alive_ms; /* 0: not known, nobody dozes */
static int alarm_clock = -1;     /* readable while there is a reason */
static int bell = -1;            /* readable: the listener is to look again */
static struct sleeper listener, sender;
static atomic_bool told; /* since the sender's last wait */
static _Atomic(pthread_cond_t *) senders_cond;
static pthread_mutex_t *senders_mutex;
static bool holds;                    /* on the loop's thread */
static _Thread_local bool has_waited; /* in poll(2), since its last nap */

static void ring(int fd)
{
    const uint64_t one = 1;

    if (fd >= 0 && write(fd, &one, sizeof(one)) < 0)
        log_debug("mqtt", "Paho may wake up late");
}

static void silence(int fd)
{
    uint64_t rung;

    if (fd >= 0 && read(fd, &rung, sizeof(rung)) < 0)
        log_debug("mqtt", "the alarm had not rung");
}

static void close_alarm(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void mqtt_nap_start(void)
{
    loops_thread = pthread_self();
    alarm_clock = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (alarm_clock < 0 || bell < 0)
        log_error("mqtt", "no descriptor: Paho may wake up late");
    atomic_store(&started, true);
}

void mqtt_nap_stop(void)
{
    atomic_store(&started, false);
    close_alarm(&alarm_clock);
    close_alarm(&bell);
}

void mqtt_nap_disturb(void)
{
    if (atomic_fetch_add(&reasons, 1) == 0)
        ring(alarm_clock);
    mqtt_nap_hurry();
}

void mqtt_nap_allow(void)
{
    if (atomic_fetch_sub(&reasons, 1) == 1)
        silence(alarm_clock);
}

void mqtt_nap_hurry(void)
{
    atomic_store(&listener.ticks, TICKS);
    atomic_store(&sender.ticks, TICKS);
    if (atomic_load(&listener.dozes))
        ring(bell);
    if (!atomic_exchange(&told, true) && atomic_load(&sender.dozes)) {
        (void)pthread_mutex_lock(senders_mutex);
        (void)pthread_cond_signal(atomic_load(&senders_cond));
        (void)pthread_mutex_unlock(senders_mutex);
    }
}

void mqtt_nap_hold(void)
{
    holds = true;
}

void mqtt_nap_release(void)
{
    holds = false;
}

void mqtt_nap_await(bool answer)
{
    (void)atomic_fetch_add(&awaited, answer ? 1 : -1);
}

void mqtt_nap_keep_alive(uint16_t seconds)
{
    atomic_store(&keep_alive_ms, seconds * 1000);
}

/* True when the sleeper may doze; else it is a tick nearer to that. */
static bool is_quiet(struct sleeper *sleeper)
{
    if (atomic_load(&sleeper->ticks) > 0) {
        (void)atomic_fetch_sub(&sleeper->ticks, 1);
        return false;
    }
    return atomic_load(&awaited) == 0 && atomic_load(&keep_alive_ms) > 0;
}

enum known { UNKNOWN, NO, YES };

/* Threads name themselves before they do anything else, and keep their name. */
static bool is_called(const char *wanted, enum known *known)
{
    char name[NAME_BYTES];

    if (!atomic_load(&started))
        return false;
    if (*known == UNKNOWN)
        *known = pthread_getname_np(pthread_self(), name, sizeof(name)) == 0 &&
                strcmp(name, wanted) == 0
            ? YES
            : NO;
    return *known == YES;
}

bool mqtt_nap_is_listener(void)
{
    static _Thread_local enum known known;

    return is_called(LISTENER, &known);
}

bool mqtt_nap_is_sender(void)
{
    static _Thread_local enum known known;

    return is_called(SENDER, &known);
}

/* --- the receive thread --------------------------------------------------- */

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

/* Only Paho's receive thread sleeps so here, but who knows what a library for
 * keys does on a thread of its own. */
int usleep(useconds_t us)
{
    struct pollfd alarm = {.fd = alarm_clock, .events = POLLIN};

    if (!atomic_load(&started) || pthread_equal(pthread_self(), loops_thread))
        return sleep_us(us);
    if (!mqtt_nap_is_listener())
        return sleep_us(us);
    if (atomic_load(&reasons) > 0) {
        us = has_waited ? 0 : us < SHORT_US ? us : SHORT_US;
        has_waited = false;
        return us == 0 ? 0 : sleep_us(us);
    }
    return wait_ms(&alarm, 1, LONG_MS) < 0 ? -1 : 0;
}

/* Until Paho wants to say PINGREQ: a keep-alive after what it said last.  Below
 * 0 when it is late, or when nobody knows. */
static int ping_ms(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        info.tcpi_last_data_sent > INT32_MAX / 2)
        return -1;
    return atomic_load(&keep_alive_ms) - (int)info.tcpi_last_data_sent +
        PING_MS;
}

static int doze_ms(const struct pollfd *fds, nfds_t count, int least_ms)
{
    int ms = LONG_MS;

    for (nfds_t i = 0; i < count; i++) {
        int next = ping_ms(fds[i].fd);

        ms = next < ms ? next : ms;
    }
    return ms > least_ms ? ms : least_ms;
}

/* Rung while it waits, it has heard nothing, but looks again. */
static int wait_for_bell(struct pollfd *fds, nfds_t count, int ms)
{
    struct pollfd all[SOCKETS + 1];
    int ready;

    memcpy(all, fds, count * sizeof(*fds));
    all[count] = (struct pollfd){.fd = bell, .events = POLLIN};
    ready = wait_ms(all, count + 1, ms);
    memcpy(fds, all, count * sizeof(*fds));
    if (ready <= 0 || all[count].revents == 0)
        return ready;
    silence(bell);
    return ready - 1;
}

static int listen_ms(struct pollfd *fds, nfds_t count, int ms)
{
    int ready;

    if (count == 0 || count > SOCKETS)
        return wait_ms(fds, count, ms);
    atomic_store(&listener.dozes, true);
    if (is_quiet(&listener))
        ms = doze_ms(fds, count, ms);
    else
        atomic_store(&listener.dozes, false); /* spare it the bell */
    ready = wait_for_bell(fds, count, ms);
    atomic_store(&listener.dozes, false);
    has_waited = ready == 0;
    return ready;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    bool listens = mqtt_nap_is_listener();
    int ready = listens ? mqtt_stream_poll(fds, count) : 0;

    if (ready > 0)
        return ready;
    return listens && timeout_ms > LOOK_MS ? listen_ms(fds, count, timeout_ms)
                                           : wait_ms(fds, count, timeout_ms);
}

/* --- the send thread ------------------------------------------------------ */

typedef int timedwait(
    pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
typedef int wake(pthread_cond_t *);

/* libc's function; `found` keeps it. */
static void *libcs(const char *name, _Atomic(void *) *found)
{
    void *symbol = atomic_load(found);

    if (symbol == NULL) {
        symbol = dlsym(RTLD_NEXT, name);
        atomic_store(found, symbol);
    }
    return symbol;
}

static int wait_until(
    pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until)
{
    static _Atomic(void *) found;
    void *symbol = libcs("pthread_cond_timedwait", &found);
    timedwait *waits;

    memcpy(&waits, &symbol, sizeof(waits));
    return waits(cond, mutex, until);
}

int pthread_cond_signal(pthread_cond_t *cond)
{
    static _Atomic(void *) found;
    void *symbol = libcs("pthread_cond_signal", &found);
    wake *wakes;

    if (atomic_load(&started) && pthread_equal(pthread_self(), loops_thread) &&
        holds && cond == atomic_load(&senders_cond))
        return 0;
    memcpy(&wakes, &symbol, sizeof(wakes));
    return wakes(cond);
}

/* Whoever has something new to send need not wait for that. */
static void wait_for_room(int fd, pthread_mutex_t *mutex)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    (void)pthread_mutex_unlock(mutex);
    (void)wait_ms(&room, 1, ROOM_MS);
    (void)pthread_mutex_lock(mutex);
}

int pthread_cond_timedwait(pthread_cond_t *restrict cond,
    pthread_mutex_t *restrict mutex, const struct timespec *restrict until)
{
    struct timespec later = *until;
    int failed, stuck;

    if (!mqtt_nap_is_sender())
        return wait_until(cond, mutex, until);
    stuck = mqtt_stream_push();
    if (stuck >= 0) {
        wait_for_room(stuck, mutex);
        return 0;
    }
    atomic_store(&senders_cond, cond);
    senders_mutex = mutex;
    atomic_store(&sender.dozes, true);
    if (is_quiet(&sender))
        later.tv_sec += LONG_MS / 1000;
    failed =
        atomic_exchange(&told, false) ? 0 : wait_until(cond, mutex, &later);
    atomic_store(&sender.dozes, false);
    atomic_store(&told, false); /* it looks now, at all that it was told of */
    return failed;
}
