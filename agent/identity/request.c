/* request.c */

#include "identity/request.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "identity/csr.h"
#include "identity/pem.h"
#include "identity/worker.h"

struct request {
    struct request_options options;
    char *uri;
    char *mark, *mark_text;  /* NULL: none is wanted */
    request_callback *ended; /* NULL: cancelled; the loop's alone */
    void *context;
    struct request_end end;
};

/* --- on the thread ------------------------------------------------------- */

static enum err write_mark(struct request *r, struct keystore *store)
{
    struct keystore_public found;
    enum err e = keystore_open(store, &found, r->end.why);

    if (e == ERR_NOT_FOUND)
        e = file_replace(r->mark, r->mark_text, strlen(r->mark_text));
    else if (e == ERR_OK || e == ERR_CONFLICT || e == ERR_UNSUPPORTED)
        e = ERR_EXISTS;
    else
        return e;
    if (e == ERR_EXISTS)
        (void)snprintf(r->end.why, KEY_WHY,
            "ambiguous: the token has a key of that name already");
    else if (e != ERR_OK)
        (void)snprintf(r->end.why, KEY_WHY,
            "token_failed: cannot write that a key will be made: %s",
            strerror(errno));
    return e;
}

static enum err make_key(struct request *r)
{
    struct keystore *store;
    enum err e = keystore_new(r->uri, r->end.why, &store);

    if (e != ERR_OK)
        return e;
    if (r->mark != NULL)
        e = write_mark(r, store);
    if (e == ERR_OK) {
        e = keystore_create(store, r->options.kind, r->end.why);
        if (e == ERR_EXISTS && r->mark != NULL)
            (void)unlink(r->mark); /* somebody else was faster */
    }
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

static void work(void *context)
{
    struct request *r = context;
    enum err e = make_key(r);

    if (e == ERR_OK)
        e = key_open(r->uri, &r->end.key);
    if (e == ERR_OK)
        e = make_request(r);
    r->end.e = e;
}

/* --- on the loop --------------------------------------------------------- */

static void free_all(struct request *r)
{
    free(r->mark_text);
    free(r->mark);
    free(r->uri);
    free(r);
}

static void finish(void *context)
{
    struct request *r = context;

    if (r->ended != NULL)
        r->ended(r->context, &r->end);
    key_free(r->end.key);
    bytes_free(&r->end.der);
    free_all(r);
}

static enum err copy_text(struct request *r)
{
    const struct request_options *o = &r->options;

    r->uri = strdup(o->uri);
    if (o->mark != NULL) {
        r->mark = strdup(o->mark);
        r->mark_text = strdup(o->mark_text);
    }
    return r->uri == NULL ||
            (o->mark != NULL && (r->mark == NULL || r->mark_text == NULL))
        ? ERR_NO_MEMORY
        : ERR_OK;
}

enum err request_start(struct loop *loop, const struct request_options *options,
    request_callback *ended, void *context, struct request **out)
{
    struct request *r = calloc(1, sizeof(*r));
    const struct worker_task task = {"nameplate_key", work, finish, r};

    if (r == NULL)
        return ERR_NO_MEMORY;
    r->options = *options;
    r->ended = ended;
    r->context = context;
    if (copy_text(r) != ERR_OK || worker_start(loop, &task) != ERR_OK) {
        free_all(r);
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
