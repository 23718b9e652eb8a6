/* trust.c - the policy's parts, and the order in which they are asked.
 *
 * A trust is read by the threads of links while the loop may put other
 * revocation lists in place.  That one pointer has a lock, the only one above
 * the files that own a foreign library's threads: a list is big, is judged with
 * for milliseconds, and must not be freed meanwhile. */

#include "identity/trust.h"

#include <psa/crypto.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "identity/chain.h"
#include "identity/crl.h"
#include "identity/endpoint.h"
#include "identity/extension.h"
#include "identity/moment.h"
#include "identity/pin.h"
#include "identity/trust_inside.h"

#define MODULE "trust"

/* Lists that are shared: the last user frees them. */
struct shared_crls {
    struct crls *crls;
    unsigned users;
};

struct trust {
    mbedtls_x509_crt *anchors;
    struct pins pins; /* count 0: none */
    int64_t crl_grace_s;
    struct timefloor *floor;
    struct timefloor *own_floor; /* when none was lent */
    pthread_mutex_t lock;        /* of `shared` */
    struct shared_crls *shared;  /* NULL: no lists are configured */
};

/* --- revocation lists ---------------------------------------------------- */

static struct shared_crls *borrow_crls(struct trust *trust)
{
    struct shared_crls *shared;

    (void)pthread_mutex_lock(&trust->lock);
    shared = trust->shared;
    if (shared != NULL)
        shared->users++;
    (void)pthread_mutex_unlock(&trust->lock);
    return shared;
}

static void return_crls(struct trust *trust, struct shared_crls *shared)
{
    bool last;

    if (shared == NULL)
        return;
    (void)pthread_mutex_lock(&trust->lock);
    last = --shared->users == 0;
    (void)pthread_mutex_unlock(&trust->lock);
    if (last) {
        crls_free(shared->crls);
        free(shared);
    }
}

void trust_take_crls(struct trust *trust, struct crls *crls)
{
    struct shared_crls *fresh = calloc(1, sizeof(*fresh));
    struct shared_crls *old;

    if (fresh == NULL) {
        log_error(MODULE, "out of memory: the old revocation lists stay");
        crls_free(crls);
        return;
    }
    *fresh = (struct shared_crls){crls, 1};
    (void)pthread_mutex_lock(&trust->lock);
    old = trust->shared;
    trust->shared = fresh;
    (void)pthread_mutex_unlock(&trust->lock);
    return_crls(trust, old);
}

/* --- life ---------------------------------------------------------------- */

static enum err load_crls(struct trust *trust, const char *path)
{
    struct crls *crls;
    enum err e = crls_read(path, &crls);

    if (e == ERR_OK)
        trust_take_crls(trust, crls);
    return e;
}

static enum err load_pins(struct trust *trust, const char *text)
{
    enum err e = pins_parse(text, &trust->pins);

    if (e != ERR_OK)
        log_error(
            MODULE, "not usable pins=\"%s\" expected=\"" PIN_WORDS "\"", text);
    return e;
}

enum err trust_load(const struct trust_options *options, struct trust **out)
{
    struct trust *trust = calloc(1, sizeof(*trust));
    enum err e;

    if (trust == NULL)
        return ERR_NO_MEMORY;
    if (psa_crypto_init() != PSA_SUCCESS) {
        log_error(MODULE, "no randomness: PSA did not start");
        free(trust);
        return ERR_IO;
    }
    (void)pthread_mutex_init(&trust->lock, NULL);
    trust->crl_grace_s = options->crl_grace_s;
    trust->floor = options->floor;
    e = trust->floor != NULL ? ERR_OK : timefloor_new(NULL, &trust->own_floor);
    if (e == ERR_OK && trust->floor == NULL)
        trust->floor = trust->own_floor;
    if (e == ERR_OK)
        e = chain_read_anchors(options->anchors, &trust->anchors);
    if (e == ERR_OK && options->crl != NULL)
        e = load_crls(trust, options->crl);
    if (e == ERR_OK && options->pins != NULL && options->pins[0] != '\0')
        e = load_pins(trust, options->pins);
    if (e != ERR_OK) {
        trust_free(trust);
        return e;
    }
    *out = trust;
    return ERR_OK;
}

void trust_free(struct trust *trust)
{
    if (trust == NULL)
        return;
    return_crls(trust, trust->shared);
    chain_free(trust->anchors);
    timefloor_free(trust->own_floor);
    (void)pthread_mutex_destroy(&trust->lock);
    free(trust);
}

mbedtls_x509_crt *trust_anchors(const struct trust *trust)
{
    return trust->anchors;
}

/* --- the judgement ------------------------------------------------------- */

static bool names_host(const mbedtls_x509_crt *leaf, const char *host)
{
    unsigned char *p, *end;
    struct general_name n;

    if (general_begin(leaf, &p, &end) != ERR_OK)
        return false;
    while (general_next(&p, end, &n) == ERR_OK) {
        if (n.form == GENERAL_DNS && endpoint_is_dns_name(host, n.bytes, n.len))
            return true;
        if (n.form == GENERAL_IP &&
            endpoint_is_ip_address(host, n.bytes, n.len))
            return true;
    }
    return false;
}

static bool is_pinned(const struct trust *trust, const struct path *path)
{
    for (size_t i = 0; i < path->count; i++)
        if (pins_hold(&trust->pins, path->certificates[i]))
            return true;
    return false;
}

/* What the path does not say: whether it is the right peer. */
static enum trust_reason judge_peer(const struct trust *trust,
    const struct trust_question *question, const struct path *path,
    enum proof *level)
{
    enum trust_reason reason = TRUST_OK;

    *level = PROOF_NONE;
    if (trust->pins.count > 0 && !is_pinned(trust, path))
        return TRUST_PIN;
    switch (question->purpose) {
    case PATH_SERVER:
        if (question->host == NULL ||
            !names_host(path->certificates[0], question->host))
            return TRUST_NAME;
        *level = trust->pins.count > 0 ? PROOF_PINNED : PROOF_ENCRYPTED;
        break;
    case PATH_DEVICE:
        reason = genuine_check(path, &question->device, level);
        break;
    }
    return reason;
}

/* Who was believed has told us that it is not earlier than this. */
static void learn_time(struct trust *trust, const struct path *path)
{
    for (size_t i = 0; i < path->count; i++)
        timefloor_raise(
            trust->floor, moment_of(&path->certificates[i]->valid_from));
}

static void explain(struct trust_verdict *v, const mbedtls_x509_crt *blamed)
{
    char subject[160];

    if (mbedtls_x509_dn_gets(subject, sizeof(subject), &blamed->subject) < 0)
        (void)snprintf(subject, sizeof(subject), "(a long name)");
    (void)snprintf(v->detail, sizeof(v->detail), "certificate \"%s\": %s%s",
        subject, trust_reason_advice(v->reason),
        v->clock_is_late ? " (our clock is before the floor)" : "");
}

void trust_judge(const struct trust *trust,
    const struct trust_question *question, const mbedtls_x509_crt *sent,
    struct trust_verdict *out)
{
    struct trust *shared = (struct trust *)trust; /* its lock, and the floor */
    struct shared_crls *lists = borrow_crls(shared);
    struct path_question q = {.sent = sent,
        .anchors = trust->anchors,
        .crls = lists == NULL ? NULL : lists->crls,
        .crl_grace_s = trust->crl_grace_s,
        .purpose = question->purpose,
        .now_s = question->at_s};
    struct path_answer answer;
    struct trust_verdict v = {.level = PROOF_NONE};

    if (question->at_s == TRUST_NOW)
        q.now_s = timefloor_now(trust->floor, &q.clock_is_late);
    path_find(&q, &answer);
    v.reason = answer.reason;
    v.clock_is_late = q.clock_is_late;
    if (v.reason == TRUST_OK) {
        v.reason = judge_peer(trust, question, &answer.path, &v.level);
        answer.blamed = answer.path.certificates[0];
    }
    if (v.reason != TRUST_OK)
        explain(&v, answer.blamed);
    else if (question->at_s == TRUST_NOW)
        learn_time(shared, &answer.path);
    return_crls(shared, lists);
    *out = v;
}
