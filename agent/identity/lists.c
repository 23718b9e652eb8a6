/* lists.c */

#include "identity/lists.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "identity/certificate.h"

#define MODULE     "lists"
#define MOST_KNOWN 16

/* The last user frees it. */
struct shared {
    struct crls *crls;
    unsigned users;
    struct shared *older; /* still borrowed by somebody */
};

struct lists {
    char *path;           /* NULL: no file */
    pthread_mutex_t lock; /* of all below */
    struct shared *newest;
    mbedtls_x509_crt known;
    size_t known_count;
    struct crls *fetched; /* once more, without the file's; NULL: none yet */
};

/* --- sharing ------------------------------------------------------------- */

/* Unhook and free what nobody uses; the newest has the lists as a user. */
static void sweep(struct lists *l)
{
    struct shared **at = &l->newest;

    while (*at != NULL) {
        struct shared *s = *at;

        if (s->users > 0) {
            at = &s->older;
            continue;
        }
        *at = s->older;
        crls_free(s->crls);
        free(s);
    }
}

static enum err put(struct lists *l, struct crls *crls)
{
    struct shared *fresh = calloc(1, sizeof(*fresh));

    if (fresh == NULL)
        return ERR_NO_MEMORY;
    *fresh = (struct shared){crls, 1, NULL};
    (void)pthread_mutex_lock(&l->lock);
    if (l->newest != NULL)
        l->newest->users--;
    fresh->older = l->newest;
    l->newest = fresh;
    sweep(l);
    (void)pthread_mutex_unlock(&l->lock);
    return ERR_OK;
}

const struct crls *lists_borrow(struct lists *lists)
{
    const struct crls *crls = NULL;

    (void)pthread_mutex_lock(&lists->lock);
    if (lists->newest != NULL) {
        lists->newest->users++;
        crls = lists->newest->crls;
    }
    (void)pthread_mutex_unlock(&lists->lock);
    return crls;
}

void lists_return(struct lists *lists, const struct crls *borrowed)
{
    if (borrowed == NULL)
        return;
    (void)pthread_mutex_lock(&lists->lock);
    for (struct shared *s = lists->newest; s != NULL; s = s->older)
        if (s->crls == borrowed)
            s->users--;
    sweep(lists);
    (void)pthread_mutex_unlock(&lists->lock);
}

/* --- life ---------------------------------------------------------------- */

static enum err read_file(struct lists *l)
{
    struct crls *crls;
    enum err e = crls_read(l->path, &crls);

    if (e != ERR_OK)
        return e;
    e = put(l, crls);
    if (e != ERR_OK)
        crls_free(crls);
    return e;
}

enum err lists_new(const char *path, struct lists **out)
{
    struct lists *l = calloc(1, sizeof(*l));
    enum err e = ERR_OK;

    if (l == NULL)
        return ERR_NO_MEMORY;
    (void)pthread_mutex_init(&l->lock, NULL);
    mbedtls_x509_crt_init(&l->known);
    if (path != NULL) {
        l->path = strdup(path);
        e = l->path == NULL ? ERR_NO_MEMORY : read_file(l);
    }
    if (e != ERR_OK) {
        lists_free(l);
        return e;
    }
    *out = l;
    return ERR_OK;
}

void lists_free(struct lists *l)
{
    if (l == NULL)
        return;
    if (l->newest != NULL)
        l->newest->users--;
    sweep(l);
    crls_free(l->fetched);
    mbedtls_x509_crt_free(&l->known);
    (void)pthread_mutex_destroy(&l->lock);
    free(l->path);
    free(l);
}

/* --- fetched lists ------------------------------------------------------- */

static bool is_known(const struct lists *l, const mbedtls_x509_crt *ca)
{
    for (const mbedtls_x509_crt *k = &l->known; k != NULL; k = k->next)
        if (k->raw.len == ca->raw.len && k->raw.p != NULL &&
            memcmp(k->raw.p, ca->raw.p, ca->raw.len) == 0)
            return true;
    return false;
}

void lists_know(struct lists *l, const mbedtls_x509_crt *ca)
{
    (void)pthread_mutex_lock(&l->lock);
    if (l->known_count < MOST_KNOWN && !is_known(l, ca) &&
        certificate_add(&l->known, ca->raw.p, ca->raw.len) == 0)
        l->known_count++;
    (void)pthread_mutex_unlock(&l->lock);
}

static enum err check_signers(struct lists *l, const struct crls *fresh,
    const mbedtls_x509_crt *anchors, bool kept)
{
    enum err e = crls_check(fresh, anchors, &l->known);

    /* A list that was kept is looked at again with each path it is used on. */
    if (e == ERR_AGAIN && kept)
        return ERR_OK;
    if (e == ERR_AGAIN)
        log_warning(MODULE,
            "a revocation list of a CA that is not known yet; it is asked for "
            "again once a peer of that CA was believed");
    else if (e != ERR_OK)
        log_warning(MODULE, "refused: its CA did not sign the revocation list");
    return e;
}

static enum err check(struct lists *l, const struct crls *fresh,
    const mbedtls_x509_crt *anchors, const struct lists_fetched *fetched)
{
    enum err e;

    (void)pthread_mutex_lock(&l->lock);
    e = check_signers(l, fresh, anchors, fetched->kept);
    if (e == ERR_OK && l->fetched != NULL && !crls_replace(fresh, l->fetched)) {
        log_warning(MODULE,
            "refused: a revocation list is older than the one in use, or left "
            "out");
        e = ERR_DENIED;
    }
    (void)pthread_mutex_unlock(&l->lock);
    return e;
}

static enum err use(struct lists *l, const mbedtls_x509_crt *anchors,
    const struct lists_fetched *fetched, struct crls *fresh)
{
    enum err e = check(l, fresh, anchors, fetched);

    if (e == ERR_OK && l->path != NULL)
        e = crls_add_file(fresh, l->path);
    return e == ERR_OK ? put(l, fresh) : e;
}

enum err lists_use(struct lists *l, const mbedtls_x509_crt *anchors,
    struct lists_fetched *fetched)
{
    struct crls *fresh, *copy;
    enum err e = crls_parse(fetched->bytes, fetched->len, &copy);

    if (e != ERR_OK)
        return e;
    e = crls_parse(fetched->bytes, fetched->len, &fresh);
    if (e != ERR_OK)
        goto free_copy;
    crls_dates(fresh, &fetched->next_s, &fetched->begun_s);
    e = use(l, anchors, fetched, fresh);
    if (e != ERR_OK)
        goto free_fresh;
    crls_free(l->fetched);
    l->fetched = copy;
    return ERR_OK;

free_fresh:
    crls_free(fresh);
free_copy:
    crls_free(copy);
    return e;
}
