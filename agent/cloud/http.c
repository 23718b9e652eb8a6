/* http.c - a request's life, between the loop and its thread.
 *
 * The thread posts `tell` as soon as the end is known, and only then closes
 * what may have to wait (a look-up at a silent name server), and posts
 * `finish`, which joins it.  `is_cancelled` belongs to the loop alone. */

#include "cloud/http.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "cloud/http_inside.h"
#include "core/log.h"
#include "ports/port.h"

struct http {
    struct loop *loop;
    struct http_events events;
    pthread_t thread;
    bool is_cancelled;
    struct http_transfer transfer;
};

static atomic_uint threads;

/* Never undone: libcurl must not end the crypto library under others. */
static enum err start_curl(void)
{
    static bool is_started;

    if (!is_started)
        is_started = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    return is_started ? ERR_OK : ERR_IO;
}

static void close_wake(struct http *http)
{
    if (http->transfer.wake >= 0)
        (void)close(http->transfer.wake);
}

/* On the loop. */
static void tell(void *context)
{
    struct http *http = context;

    if (http->is_cancelled)
        return;
    http->is_cancelled = true; /* the handle dies here */
    http->events.ended(http->events.context, &http->transfer.end);
}

/* On the loop: the thread has said its last word. */
static void finish(void *context)
{
    struct http *http = context;

    (void)pthread_join(http->thread, NULL);
    atomic_fetch_sub(&threads, 1);
    http_transfer_forget(&http->transfer);
    close_wake(http);
    free(http);
}

static void *run(void *context)
{
    struct http *http = context;

    port_name_thread("nameplate_http");
    http_transfer_run(&http->transfer);
    if (loop_post(http->loop, tell, http) != ERR_OK)
        log_error(HTTP_MODULE, "out of memory: an answer is lost");
    http_transfer_close(&http->transfer);
    if (loop_post(http->loop, finish, http) != ERR_OK)
        log_error(HTTP_MODULE, "out of memory: a request is never freed");
    return NULL;
}

enum err http_start(struct loop *loop, const struct http_options *options,
    const struct http_events *events, struct http **out)
{
    struct http *http = calloc(1, sizeof(*http));
    enum err e = start_curl();

    if (http == NULL)
        return ERR_NO_MEMORY;
    http->loop = loop;
    http->events = *events;
    http->transfer.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (e == ERR_OK && http->transfer.wake < 0) {
        log_error(HTTP_MODULE, "no descriptor reason=\"%s\"", strerror(errno));
        e = ERR_IO;
    }
    if (e == ERR_OK)
        e = http_transfer_open(&http->transfer, options);
    if (e != ERR_OK)
        goto close_transfer;
    atomic_fetch_add(&threads, 1);
    if (pthread_create(&http->thread, NULL, run, http) != 0) {
        log_error(HTTP_MODULE, "no thread");
        e = ERR_IO;
        goto uncount;
    }
    *out = http;
    return ERR_OK;

uncount:
    atomic_fetch_sub(&threads, 1);
close_transfer:
    http_transfer_close(&http->transfer);
    http_transfer_forget(&http->transfer);
    close_wake(http);
    free(http);
    return e;
}

void http_cancel(struct http *http)
{
    const uint64_t one = 1;

    if (http == NULL)
        return;
    http->is_cancelled = true;
    atomic_store(&http->transfer.must_end, true);
    if (write(http->transfer.wake, &one, sizeof(one)) < 0)
        log_error(HTTP_MODULE, "cannot stop reason=\"%s\"", strerror(errno));
}

unsigned http_threads(void)
{
    return atomic_load(&threads);
}
