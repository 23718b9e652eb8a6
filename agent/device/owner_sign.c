/* owner_sign.c - the factory key may lie in a token, which takes its time. */

#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "device/owner_inside.h"

struct signing {
    struct key *key;
    unsigned char hash[TRANSCRIPT_HASH];
    struct owner_sign_job job;
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
    s->job.done(s->job.context, s->e == ERR_OK ? &s->signature : NULL);
    free(s->job.context);
}

static void drop(void *context)
{
    const struct signing *s = context;

    if (s->job.drop != NULL)
        s->job.drop(s->job.context);
    free(s->job.context);
}

enum err owner_sign(struct owner *owner,
    const unsigned char hash[TRANSCRIPT_HASH], const struct owner_sign_job *job)
{
    struct signing *s = calloc(1, sizeof(*s));
    const struct owner_work_job work = {run, on_done, drop, s};
    enum err e;

    if (s == NULL)
        return ERR_NO_MEMORY;
    s->key = owner->o.key;
    memcpy(s->hash, hash, sizeof(s->hash));
    s->job = *job;
    e = owner_work_start(owner->work, &work);
    if (e != ERR_OK)
        free(s);
    return e;
}
