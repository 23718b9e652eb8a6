/* request.c */

#include "identity/request.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "identity/csr.h"
#include "identity/pem.h"
#include "ports/port.h"

#define MODULE "request"

struct request {
    struct loop *loop;
    struct request_options options;
    char *uri;
    request_callback *ended; /* NULL: cancelled; the loop's alone */
    void *context;
    pthread_t thread;
    struct request_end end;
};

static atomic_uint threads;

/* --- on the thread ------------------------------------------------------- */

static enum err make_key(struct request *r)
{
    struct keystore *store;
    enum err e = keystore_new(r->uri, r->end.why, &store);

    if (e != ERR_OK)
        return e;
    e = keystore_create(store, r->options.kind, r->end.why);
    keystore_free(store);
    return e;
}

static enum err make_request(struct request *r)
{
    char *pem;
    const char *text;
    enum err e = csr_make(r->end.key, r->options.who, r->end.why, &pem);

    if (e != ERR_OK)
        return e;
    text = pem;
    e = pem_next(PEM_REQUEST, &text, &r->end.der);
    free(pem);
    return e;
}

/* On the loop: the thread has said its last word. */
static void finish(void *context)
{
    struct request *r = context;

    (void)pthread_join(r->thread, NULL);
    atomic_fetch_sub(&threads, 1);
    if (r->ended != NULL)
        r->ended(r->context, &r->end);
    key_free(r->end.key);
    bytes_free(&r->end.der);
    free(r->uri);
    free(r);
}

static void *run(void *context)
{
    struct request *r = context;
    enum err e;

    port_name_thread("nameplate_key");
    e = make_key(r);
    if (e == ERR_OK)
        e = key_open(r->uri, &r->end.key);
    if (e == ERR_OK)
        e = make_request(r);
    r->end.e = e;
    if (loop_post(r->loop, finish, r) != ERR_OK)
        log_error(MODULE, "out of memory: a new key is lost");
    return NULL;
}

/* --- on the loop --------------------------------------------------------- */

enum err request_start(struct loop *loop, const struct request_options *options,
    request_callback *ended, void *context, struct request **out)
{
    struct request *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return ERR_NO_MEMORY;
    r->loop = loop;
    r->options = *options;
    r->ended = ended;
    r->context = context;
    r->uri = strdup(options->uri);
    atomic_fetch_add(&threads, 1);
    if (r->uri == NULL || pthread_create(&r->thread, NULL, run, r) != 0) {
        atomic_fetch_sub(&threads, 1);
        free(r->uri);
        free(r);
        return ERR_NO_MEMORY;
    }
    *out = r;
    return ERR_OK;
}

void request_cancel(struct request *request)
{
    if (request != NULL)
        request->ended = NULL;
}

unsigned request_threads(void)
{
    return atomic_load(&threads);
}
