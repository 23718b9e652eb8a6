/* lookup.c - a question belongs to two, who asks and the thread that answers;
 * the last of them frees it. */

#include "cloud/lookup.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ports/port.h"

#define HOST_BYTES 256

struct question {
    atomic_int owners;
    int done; /* an eventfd: the answer is there */
    int failed;
    int reason; /* errno */
    struct addrinfo *found;
    char host[HOST_BYTES];
    char port[8];
};

static atomic_uint hanging;

static void let_go(struct question *q)
{
    if (atomic_fetch_sub(&q->owners, 1) > 1)
        return;
    if (q->found != NULL)
        freeaddrinfo(q->found);
    (void)close(q->done);
    free(q);
}

static void resolve(struct question *q, int flags)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = flags | AI_NUMERICSERV};

    q->failed = getaddrinfo(q->host, q->port, &hints, &q->found);
    q->reason = errno;
}

static void *answer(void *context)
{
    struct question *q = context;
    const uint64_t one = 1;

    port_name_thread("nameplate_dns");
    resolve(q, 0);
    /* An eventfd that was never written to takes this. */
    if (write(q->done, &one, sizeof(one)) < 0)
        q->reason = errno;
    atomic_fetch_sub(&hanging, 1);
    let_go(q);
    return NULL;
}

static enum err new_question(const struct lookup *lookup, struct question **out)
{
    struct question *q = calloc(1, sizeof(*q));

    if (q == NULL)
        return ERR_NO_MEMORY;
    atomic_init(&q->owners, 1);
    q->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (q->done < 0) {
        free(q);
        return ERR_IO;
    }
    (void)snprintf(q->host, sizeof(q->host), "%s", lookup->host);
    (void)snprintf(q->port, sizeof(q->port), "%u", lookup->port);
    *out = q;
    return ERR_OK;
}

static enum err start_thread(struct question *q)
{
    pthread_attr_t attributes;
    pthread_t thread;
    enum err e = ERR_OK;

    if (atomic_fetch_add(&hanging, 1) >= LOOKUP_MOST) {
        atomic_fetch_sub(&hanging, 1);
        return ERR_IO;
    }
    atomic_fetch_add(&q->owners, 1);
    if (pthread_attr_init(&attributes) != 0)
        e = ERR_NO_MEMORY;
    if (e == ERR_OK) {
        (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        if (pthread_create(&thread, &attributes, answer, q) != 0)
            e = ERR_IO;
        (void)pthread_attr_destroy(&attributes);
    }
    if (e != ERR_OK) {
        atomic_fetch_sub(&hanging, 1);
        atomic_fetch_sub(&q->owners, 1);
    }
    return e;
}

static enum err say(const struct lookup *lookup, enum err e, const char *words)
{
    (void)snprintf(
        lookup->why, lookup->why_size, "%s: %s", lookup->host, words);
    return e;
}

static enum err read_answer(const struct lookup *lookup,
    const struct question *q, struct addresses *out)
{
    if (q->failed != 0)
        return say(lookup, ERR_NOT_FOUND,
            q->failed == EAI_SYSTEM ? strerror(q->reason)
                                    : gai_strerror(q->failed));
    *out = (struct addresses){.count = 0};
    for (const struct addrinfo *a = q->found; a != NULL; a = a->ai_next)
        addresses_add(out, a->ai_addr, a->ai_addrlen);
    return out->count > 0 ? ERR_OK
                          : say(lookup, ERR_NOT_FOUND, "it has no address");
}

static enum err ask(const struct lookup *lookup, struct question *q)
{
    struct pollfd done = {.fd = q->done, .events = POLLIN};
    enum err e = start_thread(q);

    if (e != ERR_OK)
        return say(
            lookup, e, "no thread, or too many look-ups without an answer");
    do
        e = lookup->waiter.wait(
            lookup->waiter.context, &done, 1, WAITER_PATIENT);
    while (e == ERR_OK && done.revents == 0);
    if (e == ERR_AGAIN)
        return say(lookup, ERR_NOT_FOUND, "no name server answered in time");
    return e;
}

enum err lookup_host(const struct lookup *lookup, struct addresses *out)
{
    struct question *q;
    enum err e;

    if (strlen(lookup->host) >= HOST_BYTES)
        return say(lookup, ERR_NOT_FOUND, "the name is too long");
    e = new_question(lookup, &q);
    if (e != ERR_OK)
        return say(lookup, e, "out of memory or descriptors");
    resolve(q, AI_NUMERICHOST); /* asks nobody */
    if (q->failed != 0)
        e = ask(lookup, q);
    if (e == ERR_OK)
        e = read_answer(lookup, q, out);
    let_go(q);
    return e;
}
