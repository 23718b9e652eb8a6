/* owner_sign.c - the factory key may lie in a token, which takes its time. */

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/owner_inside.h"

struct signing {
    struct key *key;
    unsigned char hash[TRANSCRIPT_HASH];
    owner_signed *done;
    void *context;
    struct keystore_signature signature;
    char why[KEY_WHY];
    enum err e;
};

static void run(void *context)
{
    struct signing *s = context;

    s->e = key_sign(s->key, s->hash, sizeof(s->hash), &s->signature, s->why);
}

static void on_done(void *context)
{
    struct signing *s = context;

    if (s->e != ERR_OK)
        log_error(OWNER_MODULE, "the factory key does not sign reason=\"%s\"",
            s->why);
    s->done(s->context, s->e == ERR_OK ? &s->signature : NULL);
    free(s->context);
}

static void drop(void *context)
{
    const struct signing *s = context;

    free(s->context);
}

enum err owner_sign(struct owner *owner,
    const unsigned char hash[TRANSCRIPT_HASH], owner_signed *done,
    void *context)
{
    struct signing *s = calloc(1, sizeof(*s));
    const struct owner_work_job job = {run, on_done, drop, s};
    enum err e;

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->key = owner->o.key;
    memcpy(s->hash, hash, sizeof(s->hash));
    s->done = done;
    s->context = context;
    e = owner_work_start(owner->work, &job);
    if (e != ERR_OK)
        free(s);
    return e;
}
