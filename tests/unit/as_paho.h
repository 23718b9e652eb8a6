/* as_paho.h - for tests of mqtt_stream.c: threads that pass for Paho's, and a
 * socket with its other end. */

#ifndef TESTS_AS_PAHO_H
#define TESTS_AS_PAHO_H

#include <sys/types.h>

struct pair {
    int paho, link;
};

struct pair open_pair(void);
void close_pair(const struct pair *pair);

/* Bytes that lie in the kernel, for `fd` to read. */
int waiting_bytes(int fd);

/* On a thread of its own, until it has ended. */
void run(void *(*act)(void *), void *context);

/* The calling thread is Paho's. */
void be_listener(void);
void be_sender(void);

/* As the send thread waits when it has nothing to send. */
void wait_shortly(void);

#endif
