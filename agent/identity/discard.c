/* discard.c */

#include "identity/discard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/worker.h"

struct discard {
    struct discard_options options;
    char *uri;
    discard_callback *ended; /* NULL: cancelled; the loop's alone */
    void *context;
    struct discard_end end;
};

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

static void work(void *context)
{
    struct discard *d = context;

    d->end.e = destroy(d);
}

/* --- on the loop --------------------------------------------------------- */

static void finish(void *context)
{
    struct discard *d = context;

    if (d->ended != NULL)
        d->ended(d->context, &d->end);
    free(d->uri);
    free(d);
}

enum err discard_start(struct loop *loop, const struct discard_options *options,
    discard_callback *ended, void *context, struct discard **out)
{
    struct discard *d = calloc(1, sizeof(*d));
    const struct worker_task task = {"nameplate_key", work, finish, d};

    if (d == NULL)
        return ERR_NO_MEMORY;
    d->options = *options;
    d->ended = ended;
    d->context = context;
    d->uri = strdup(options->uri);
    if (d->uri == NULL || worker_start(loop, &task) != ERR_OK) {
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
