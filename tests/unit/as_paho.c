/* as_paho.c */

#include "as_paho.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cloud/mqtt_nap.h"
#include "cmocka_all.h"

struct pair open_pair(void)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    return (struct pair){fds[0], fds[1]};
}

void close_pair(const struct pair *pair)
{
    (void)shutdown(pair->paho, SHUT_WR); /* as Paho does before */
    (void)close(pair->paho);
    (void)close(pair->link);
}

int waiting_bytes(int fd)
{
    int count = -1;

    assert_int_equal(ioctl(fd, FIONREAD, &count), 0);
    return count;
}

void run(void *(*act)(void *), void *context)
{
    pthread_t thread;

    mqtt_nap_start();
    mqtt_nap_disturb();
    assert_int_equal(pthread_create(&thread, NULL, act, context), 0);
    pthread_join(thread, NULL);
    mqtt_nap_allow();
    mqtt_nap_stop();
}

void be_listener(void)
{
    (void)prctl(PR_SET_NAME, "MQTTAsync_rcv");
}

void be_sender(void)
{
    (void)prctl(PR_SET_NAME, "MQTTAsync_send");
}

void wait_shortly(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    (void)pthread_mutex_lock(&mutex);
    (void)pthread_cond_timedwait(&cond, &mutex, &until);
    (void)pthread_mutex_unlock(&mutex);
}
