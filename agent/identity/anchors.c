/* anchors.c */

#include "identity/anchors.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "identity/certificate.h"
#include "identity/chain.h"
#include "identity/moment.h"
#include "identity/pem.h"
#include "ports/port.h"

#define MODULE "anchors"
#define HEAD   "generation="

/* The last user frees it. */
struct shared {
    struct anchor_set set; /* first: borrowers have its address */
    mbedtls_x509_crt list;
    unsigned users;
    struct shared *older; /* still borrowed by somebody */
};

struct anchors {
    mbedtls_x509_crt *configured;
    pthread_mutex_t lock;  /* of what follows */
    struct shared *newest; /* the anchors are one of its users */
};

/* --- sharing ------------------------------------------------------------- */

static void free_shared(struct shared *s)
{
    mbedtls_x509_crt_free(&s->list);
    free(s);
}

static void sweep(struct anchors *a)
{
    struct shared **at = &a->newest;

    while (*at != NULL) {
        struct shared *s = *at;

        if (s->users > 0) {
            at = &s->older;
            continue;
        }
        *at = s->older;
        free_shared(s);
    }
}

static void publish(struct anchors *a, struct shared *fresh)
{
    fresh->users = 1;
    (void)pthread_mutex_lock(&a->lock);
    if (a->newest != NULL)
        a->newest->users--;
    fresh->older = a->newest;
    a->newest = fresh;
    sweep(a);
    (void)pthread_mutex_unlock(&a->lock);
}

const struct anchor_set *anchors_borrow(struct anchors *anchors)
{
    struct shared *s;

    (void)pthread_mutex_lock(&anchors->lock);
    s = anchors->newest;
    s->users++;
    (void)pthread_mutex_unlock(&anchors->lock);
    return &s->set;
}

void anchors_return(struct anchors *anchors, const struct anchor_set *set)
{
    (void)pthread_mutex_lock(&anchors->lock);
    for (struct shared *s = anchors->newest; s != NULL; s = s->older)
        if (&s->set == set)
            s->users--;
    sweep(anchors);
    (void)pthread_mutex_unlock(&anchors->lock);
}

/* --- a set --------------------------------------------------------------- */

static enum err append(struct shared *s, const mbedtls_x509_crt *c)
{
    return certificate_add(&s->list, c->raw.p, c->raw.len) == 0 ? ERR_OK
                                                                : ERR_NO_MEMORY;
}

static enum err new_shared(const struct anchors *a,
    const struct anchor_addition *additions, size_t count, struct shared **out)
{
    struct shared *s = calloc(1, sizeof(*s));
    enum err e = ERR_OK;

    if (s == NULL)
        return ERR_NO_MEMORY;
    mbedtls_x509_crt_init(&s->list);
    s->set.all = &s->list;
    for (const mbedtls_x509_crt *c = a->configured; c != NULL && e == ERR_OK;
         c = c->next) {
        e = append(s, c);
        s->set.configured++;
    }
    for (size_t i = 0; i < count && i < ANCHORS_ADDED && e == ERR_OK; i++) {
        e = append(s, additions[i].certificate);
        s->set.vouchers[s->set.added++] = additions[i].voucher;
    }
    if (e != ERR_OK) {
        free_shared(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

static const mbedtls_x509_crt *at(const mbedtls_x509_crt *list, size_t index)
{
    while (index-- > 0)
        list = list->next;
    return list;
}

static enum err write_one(struct bytes *all, const mbedtls_x509_crt *c)
{
    struct bytes text;
    unsigned char *longer;
    enum err e =
        pem_write(PEM_CERTIFICATE, (struct span){c->raw.p, c->raw.len}, &text);

    if (e != ERR_OK)
        return e;
    longer = realloc(all->at, all->len + text.len);
    if (longer != NULL) {
        memcpy(longer + all->len, text.at, text.len);
        all->at = longer;
        all->len += text.len;
    }
    bytes_free(&text);
    return longer != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err write_set(const struct anchor_set *set, struct bytes *kept)
{
    char line[80];
    int len = snprintf(line, sizeof(line), HEAD "%u since=%lld\n",
        set->generation, (long long)set->since_s);
    struct bytes all = {(unsigned char *)strdup(line), (size_t)len};
    enum err e = all.at != NULL ? ERR_OK : ERR_NO_MEMORY;

    for (size_t i = 0; i < set->added && e == ERR_OK; i++) {
        e = write_one(&all, at(set->all, set->configured + i));
        if (e == ERR_OK)
            e = write_one(&all, at(set->all, set->vouchers[i]));
    }
    if (e == ERR_OK)
        *kept = all;
    else
        bytes_free(&all);
    return e;
}

static bool holds(const struct anchor_set *set, const mbedtls_x509_crt *c)
{
    for (const mbedtls_x509_crt *s = set->all; s != NULL; s = s->next)
        if (s->raw.len == c->raw.len &&
            memcmp(s->raw.p, c->raw.p, c->raw.len) == 0)
            return true;
    return false;
}

static void say_who_leaves(struct anchors *a, const struct anchor_set *fresh)
{
    const struct anchor_set *set = anchors_borrow(a);
    const mbedtls_x509_crt *c = at(set->all, set->configured);
    char subject[160];

    for (; c != NULL; c = c->next) {
        if (holds(fresh, c))
            continue;
        if (mbedtls_x509_dn_gets(subject, sizeof(subject), &c->subject) < 0)
            (void)snprintf(subject, sizeof(subject), "(a long name)");
        log_info(MODULE,
            "left subject=\"%s\" because=\"the enrolment server no longer "
            "names it, or it is over\"",
            subject);
    }
    anchors_return(a, set);
}

static bool adds_the_same(
    const struct anchor_set *old, const struct anchor_set *fresh)
{
    const mbedtls_x509_crt *c = at(fresh->all, fresh->configured);

    while (c != NULL && holds(old, c))
        c = c->next;
    return c == NULL && old->added == fresh->added;
}

static void count_generation(const struct anchors *a, struct anchor_set *fresh)
{
    if (a->newest == NULL)
        return; /* the file's alone */
    fresh->generation = a->newest->set.generation;
    fresh->since_s = a->newest->set.since_s;
    if (adds_the_same(&a->newest->set, fresh))
        return;
    fresh->generation++;
    fresh->since_s = port_wall_ms() / 1000;
}

enum err anchors_put(struct anchors *a, const struct anchor_addition *additions,
    size_t count, struct bytes *kept)
{
    struct shared *fresh;
    enum err e = new_shared(a, additions, count, &fresh);

    if (e != ERR_OK)
        return e;
    count_generation(a, &fresh->set);
    if (kept != NULL)
        e = write_set(&fresh->set, kept);
    if (e != ERR_OK) {
        free_shared(fresh);
        return e;
    }
    if (a->newest != NULL)
        say_who_leaves(a, &fresh->set);
    publish(a, fresh);
    return ERR_OK;
}

/* --- for people ---------------------------------------------------------- */

static int64_t sooner(int64_t end_s, const mbedtls_x509_crt *c)
{
    int64_t its_s = moment_of(&c->valid_to);

    return end_s == 0 || its_s < end_s ? its_s : end_s;
}

void anchors_look(struct anchors *anchors, struct anchors_view *out)
{
    const struct anchor_set *set = anchors_borrow(anchors);
    const mbedtls_x509_crt *c = at(set->all, set->configured);
    int64_t latest_s = INT64_MIN;

    *out = (struct anchors_view){.configured = set->configured,
        .added = set->added,
        .generation = set->generation,
        .since_s = set->since_s};
    for (size_t i = 0; i < set->added; i++, c = c->next) {
        out->both_until_s = sooner(out->both_until_s, c);
        out->both_until_s =
            sooner(out->both_until_s, at(set->all, set->vouchers[i]));
        if (moment_of(&c->valid_from) <= latest_s)
            continue;
        latest_s = moment_of(&c->valid_from);
        if (mbedtls_x509_dn_gets(
                out->subject, sizeof(out->subject), &c->subject) < 0)
            (void)snprintf(out->subject, sizeof(out->subject), "(a long name)");
    }
    anchors_return(anchors, set);
}

/* --- what was kept ------------------------------------------------------- */

static enum err add_kept(void *context, const unsigned char *der, size_t len)
{
    return certificate_is_one(der, len) &&
            certificate_add(context, der, len) == 0
        ? ERR_OK
        : ERR_INVALID;
}

/* Which of the file's is it?  False: none any more. */
static bool find(
    const struct anchors *a, const mbedtls_x509_crt *voucher, size_t *index)
{
    *index = 0;
    for (const mbedtls_x509_crt *c = a->configured; c != NULL; c = c->next) {
        if (c->raw.len == voucher->raw.len &&
            memcmp(c->raw.p, voucher->raw.p, c->raw.len) == 0)
            return true;
        ++*index;
    }
    return false;
}

static enum err put_pairs(struct anchors *a, const mbedtls_x509_crt *pairs)
{
    struct anchor_addition additions[ANCHORS_ADDED];
    size_t count = 0;

    for (const mbedtls_x509_crt *c = pairs; c != NULL && count < ANCHORS_ADDED;
         c = c->next->next) {
        struct anchor_addition *next = &additions[count];

        if (c->next == NULL)
            return ERR_INVALID;
        next->certificate = c;
        if (find(a, c->next, &next->voucher))
            count++;
        else
            log_info(MODULE,
                "an added anchor left: the one that vouched for it is no "
                "longer "
                "configured");
    }
    return anchors_put(a, additions, count, NULL);
}

/* Without it they count as the first, of an unknown time. */
static void take_head(struct anchors *a, const char *text)
{
    unsigned long generation = a->newest->set.added > 0;
    long long since_s = 0;
    char *end;

    if (strncmp(text, HEAD, sizeof(HEAD) - 1) == 0) {
        generation = strtoul(text + sizeof(HEAD) - 1, &end, 10);
        if (strncmp(end, " since=", 7) == 0)
            since_s = strtoll(end + 7, NULL, 10);
    }
    (void)pthread_mutex_lock(&a->lock);
    a->newest->set.generation = (unsigned)generation;
    a->newest->set.since_s = since_s;
    (void)pthread_mutex_unlock(&a->lock);
}

enum err anchors_restore(struct anchors *a, const char *pem)
{
    mbedtls_x509_crt pairs;
    size_t count;
    enum err e;

    mbedtls_x509_crt_init(&pairs);
    e = pem_each(pem, PEM_CERTIFICATE, add_kept, &pairs, &count);
    if (e == ERR_OK && count > 0)
        e = put_pairs(a, &pairs);
    if (e == ERR_OK)
        take_head(a, pem);
    mbedtls_x509_crt_free(&pairs);
    return e;
}

/* --- life ---------------------------------------------------------------- */

enum err anchors_new(const char *path, struct anchors **out)
{
    struct anchors *a = calloc(1, sizeof(*a));
    enum err e;

    if (a == NULL)
        return ERR_NO_MEMORY;
    (void)pthread_mutex_init(&a->lock, NULL);
    e = chain_read_anchors(path, &a->configured);
    if (e == ERR_OK)
        e = anchors_put(a, NULL, 0, NULL);
    if (e != ERR_OK) {
        anchors_free(a);
        return e;
    }
    *out = a;
    return ERR_OK;
}

void anchors_free(struct anchors *a)
{
    if (a == NULL)
        return;
    if (a->newest != NULL)
        a->newest->users--;
    sweep(a);
    chain_free(a->configured);
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
}

mbedtls_x509_crt *anchors_configured(const struct anchors *anchors)
{
    return anchors->configured;
}
