/* discard.c */

#include "identity/discard.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "ports/port.h"

#define MODULE "discard"

struct discard {
    struct loop *loop;
    struct discard_options options;
    char *uri;
    discard_callback *ended; /* NULL: cancelled; the loop's alone */
    void *context;
    pthread_t thread;
    struct discard_end end;
};

static atomic_uint threads;

/* --- on the thread ------------------------------------------------------- */

/* ERR_OK: it is nobody's who is spared. */
static enum err look(const struct discard *d, struct key *key, char *why)
{
    for (size_t i = 0; i < DISCARD_SPARED; i++) {
        enum err e;

        if (d->options.spared[i] == NULL)
            continue;
        e = key_ready(key, d->options.spared[i], why);
        if (e == ERR_OK) {
            (void)snprintf(why, KEY_WHY,
                "another_key: it is the factory's, or the claim's, and stays");
            return ERR_CONFLICT;
        }
        if (e != ERR_INVALID)
            return e;
    }
    return ERR_OK;
}

/* Half a key has no public half to compare, and is none: it goes as well. */
static enum err destroy(struct discard *d)
{
    struct keystore *store = NULL;
    struct key *key = NULL;
    enum err e = keystore_new(d->uri, d->end.why, &store);

    if (e != ERR_OK)
        return e;
    e = key_open(d->uri, &key);
    if (e == ERR_OK)
        e = look(d, key, d->end.why);
    key_free(key);
    if (e == ERR_OK || e == ERR_NOT_FOUND)
        e = keystore_erase(store, d->end.why);
    keystore_free(store);
    return e;
}

/* On the loop: the thread has said its last word. */
static void finish(void *context)
{
    struct discard *d = context;

    (void)pthread_join(d->thread, NULL);
    atomic_fetch_sub(&threads, 1);
    if (d->ended != NULL)
        d->ended(d->context, &d->end);
    free(d->uri);
    free(d);
}

static void *run(void *context)
{
    struct discard *d = context;

    port_name_thread("nameplate_key");
    d->end.e = destroy(d);
    if (loop_post(d->loop, finish, d) != ERR_OK)
        log_error(MODULE, "out of memory: what became of a key is lost");
    return NULL;
}

/* --- on the loop --------------------------------------------------------- */

enum err discard_start(struct loop *loop, const struct discard_options *options,
    discard_callback *ended, void *context, struct discard **out)
{
    struct discard *d = calloc(1, sizeof(*d));

    if (d == NULL)
        return ERR_NO_MEMORY;
    d->loop = loop;
    d->options = *options;
    d->ended = ended;
    d->context = context;
    d->uri = strdup(options->uri);
    atomic_fetch_add(&threads, 1);
    if (d->uri == NULL || pthread_create(&d->thread, NULL, run, d) != 0) {
        atomic_fetch_sub(&threads, 1);
        free(d->uri);
        free(d);
        return ERR_NO_MEMORY;
    }
    *out = d;
    return ERR_OK;
}

void discard_cancel(struct discard *discard)
{
    if (discard != NULL)
        discard->ended = NULL;
}

unsigned discard_threads(void)
{
    return atomic_load(&threads);
}
