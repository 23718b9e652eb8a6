/* rollover.c */

#include "identity/rollover.h"

#include <mbedtls/oid.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"
#include "identity/certificate.h"
#include "identity/distinguished_name.h"
#include "identity/extension.h"
#include "identity/path_rules.h"
#include "identity/signed.h"

#define MODULE "anchors"

struct judging {
    const struct rollover_question *question;
    struct rollover *out;
    const mbedtls_x509_crt *root; /* the one that is judged */
    unsigned searches;
    enum rollover_fate why; /* no way was good: the most telling reason */
};

const char *rollover_words(enum rollover_fate fate)
{
    switch (fate) {
    case ROLLOVER_CONFIGURED:
        return "it is configured";
    case ROLLOVER_STAYS:
        return "it was added before";
    case ROLLOVER_NEW:
        return "a trusted anchor of this name vouches for it";
    case ROLLOVER_STRANGER:
        return "no trusted anchor of this name vouches for it";
    case ROLLOVER_UNFIT:
        return "it is no good root: its dates, its key, its signature or what "
               "it may be used for";
    case ROLLOVER_FREER:
        return "the anchor that vouches for it is bound by constraints, and it "
               "is not";
    case ROLLOVER_TOO_MANY:
        return "there are too many";
    }
    return "";
}

/* --- comparing ----------------------------------------------------------- */

static bool same(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    return a->p != NULL && b->p != NULL && a->len == b->len &&
        memcmp(a->p, b->p, a->len) == 0;
}

static bool same_name(const mbedtls_x509_buf *a, const mbedtls_x509_buf *b)
{
    return dn_equal((struct dn){a->p, a->len}, (struct dn){b->p, b->len});
}

static bool is_root(const mbedtls_x509_crt *c)
{
    const struct signed_bytes s = signed_certificate(c);

    return same_name(&c->subject_raw, &c->issuer_raw) &&
        signed_key_is_strong(&c->pk) && signed_check(&s, &c->pk);
}

/* --- what binds ---------------------------------------------------------- */

static bool binds_alike(const mbedtls_x509_crt *root,
    const mbedtls_x509_crt *above, const char *oid)
{
    struct extension theirs, its;

    if (extension_find(above, oid, &theirs) == ERR_NOT_FOUND)
        return true;
    return extension_find(root, oid, &its) == ERR_OK && its.len == theirs.len &&
        memcmp(its.value, theirs.value, its.len) == 0;
}

/* mbedTLS keeps a path length plus one, 0 for none. */
static bool is_as_short(
    const mbedtls_x509_crt *root, const mbedtls_x509_crt *above)
{
    int most = above->MBEDTLS_PRIVATE(max_pathlen);
    int its = root->MBEDTLS_PRIVATE(max_pathlen);

    return most == 0 || (its != 0 && its <= most);
}

static bool is_bound(const mbedtls_x509_crt *root, const struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        const mbedtls_x509_crt *c = path->certificates[i];

        if (!binds_alike(root, c, MBEDTLS_OID_NAME_CONSTRAINTS) ||
            !binds_alike(root, c, MBEDTLS_OID_EXTENDED_KEY_USAGE) ||
            !is_as_short(root, c))
            return false;
    }
    return true;
}

/* --- who vouches --------------------------------------------------------- */

/* Certificates follow one another by name, so one name here is one name up to
 * the anchor. */
static enum trust_reason keeps_its_name(void *context, const struct path *path)
{
    struct judging *j = context;

    for (size_t i = 0; i + 1 < path->count; i++)
        if (!same_name(&path->certificates[i]->subject_raw,
                &path->certificates[i]->issuer_raw))
            return TRUST_PURPOSE;
    if (is_bound(j->root, path))
        return TRUST_OK;
    j->why = ROLLOVER_FREER;
    return TRUST_CONSTRAINTS;
}

static struct path_question path_question(const struct judging *j)
{
    const struct rollover_question *q = j->question;

    return (struct path_question){.anchors = q->trusted->all,
        .crls = q->crls,
        .crl_grace_s = q->crl_grace_s,
        .purpose = PATH_AUTHORITY,
        .now_s = q->now_s,
        .clock_is_late = q->clock_is_late};
}

/* Which of the file's stands behind this trusted one. */
static size_t voucher_of(
    const struct anchor_set *set, const mbedtls_x509_crt *trusted)
{
    size_t index = 0;

    for (const mbedtls_x509_crt *c = set->all; c != trusted; c = c->next)
        index++;
    return index < set->configured ? index
                                   : set->vouchers[index - set->configured];
}

static bool is_vouched_by(
    struct judging *j, const mbedtls_x509_crt *link, size_t *voucher)
{
    struct path_question q = path_question(j);
    struct path_answer answer;
    mbedtls_x509_crt sent = *link; /* a view: the leaf comes first */

    sent.next = &j->out->offered;
    q.sent = &sent;
    q.accept = keeps_its_name;
    q.context = j;
    j->searches++;
    path_find(&q, &answer);
    if (answer.reason != TRUST_OK)
        return false;
    *voucher = voucher_of(
        j->question->trusted, answer.path.certificates[answer.path.count - 1]);
    return true;
}

static enum rollover_fate find_voucher(struct judging *j, size_t *voucher)
{
    const mbedtls_x509_crt *root = j->root;

    j->why = ROLLOVER_STRANGER;
    for (const mbedtls_x509_crt *c = &j->out->offered; c != NULL; c = c->next) {
        if (same(&c->raw, &root->raw) || !same(&c->pk_raw, &root->pk_raw) ||
            !same_name(&c->subject_raw, &root->subject_raw))
            continue;
        if (j->searches == ROLLOVER_SEARCHES)
            return ROLLOVER_TOO_MANY;
        if (is_vouched_by(j, c, voucher))
            return ROLLOVER_NEW;
    }
    return j->why;
}

/* --- one root ------------------------------------------------------------ */

/* By itself: all rules that bind an anchor. */
static bool is_fit(const struct judging *j)
{
    const struct path_question q = path_question(j);
    const struct path path = {.certificates = {j->root}, .count = 1};
    const mbedtls_x509_crt *blamed;

    return j->root->MBEDTLS_PRIVATE(ca_istrue) &&
        path_rules_check(&q, &path, &blamed) == TRUST_OK;
}

static enum rollover_fate judge(struct judging *j, size_t *voucher)
{
    const struct anchor_set *set = j->question->trusted;
    size_t index = 0;

    for (const mbedtls_x509_crt *c = set->all; c != NULL; c = c->next) {
        if (same(&c->raw, &j->root->raw))
            break;
        index++;
    }
    if (index < set->configured)
        return ROLLOVER_CONFIGURED;
    if (!is_fit(j))
        return ROLLOVER_UNFIT;
    if (j->out->count == ANCHORS_ADDED)
        return ROLLOVER_TOO_MANY;
    if (index == set->configured + set->added)
        return find_voucher(j, voucher);
    *voucher = set->vouchers[index - set->configured];
    return ROLLOVER_STAYS;
}

static void say(const struct judging *j, enum rollover_fate fate)
{
    char subject[160];

    if (mbedtls_x509_dn_gets(subject, sizeof(subject), &j->root->subject) < 0)
        (void)snprintf(subject, sizeof(subject), "(a long name)");
    if (fate == ROLLOVER_NEW)
        log_info(MODULE, "added subject=\"%s\" because=\"%s\"", subject,
            rollover_words(fate));
    else if (fate > ROLLOVER_NEW)
        log_warning(MODULE, "not added subject=\"%s\" because=\"%s\"", subject,
            rollover_words(fate));
}

static void take(struct judging *j, const mbedtls_x509_crt *root)
{
    struct rollover *r = j->out;
    size_t voucher = 0;

    j->root = root;
    r->last = judge(j, &voucher);
    if (r->last == ROLLOVER_NEW || r->last == ROLLOVER_STAYS)
        r->additions[r->count++] = (struct anchor_addition){root, voucher};
    r->refused += r->last > ROLLOVER_NEW;
    say(j, r->last);
}

static bool is_before(const mbedtls_x509_crt *list, const mbedtls_x509_crt *c)
{
    for (; list != c; list = list->next)
        if (same(&list->raw, &c->raw))
            return true;
    return false;
}

enum err rollover_judge(
    const struct rollover_question *question, struct rollover *out)
{
    const struct certs_only *all = question->offered;
    struct judging j = {.question = question, .out = out};

    *out = (struct rollover){.last = ROLLOVER_CONFIGURED};
    mbedtls_x509_crt_init(&out->offered);
    for (size_t i = 0; i < all->count; i++) {
        const struct span *der = &all->certificates[i];

        if (certificate_add(&out->offered, der->at, der->len) ==
            MBEDTLS_ERR_X509_ALLOC_FAILED) {
            rollover_clear(out);
            return ERR_NO_MEMORY;
        }
    }
    for (const mbedtls_x509_crt *c = &out->offered; c != NULL; c = c->next)
        if (c->raw.p != NULL && !is_before(&out->offered, c) && is_root(c))
            take(&j, c);
    return ERR_OK;
}

void rollover_clear(struct rollover *rollover)
{
    mbedtls_x509_crt_free(&rollover->offered);
}
