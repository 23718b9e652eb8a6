/* trust.c - the policy's parts, and the order in which they are asked. */

#include "identity/trust.h"

#include <mbedtls/sha256.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "identity/anchors.h"
#include "identity/endpoint.h"
#include "identity/extension.h"
#include "identity/moment.h"
#include "identity/pin.h"
#include "identity/rollover.h"
#include "identity/trust_inside.h"

#define MODULE          "trust"
#define QUOTE(number)   #number
#define TEXT_OF(number) QUOTE(number)
#define NAMEPLATE_BUILD TEXT_OF(NAMEPLATE_BUILD_TIME)

struct trust {
    struct anchors *anchors;
    struct pins pins; /* count 0: none */
    int64_t crl_grace_s;
    struct timefloor *floor;
    struct timefloor *own_floor; /* when none was lent */
    struct lists *lists;
};

/* --- life ---------------------------------------------------------------- */

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
    trust->crl_grace_s = options->crl_grace_s;
    trust->floor = options->floor;
    e = trust->floor != NULL ? ERR_OK : timefloor_new(NULL, &trust->own_floor);
    if (e == ERR_OK && trust->floor == NULL)
        trust->floor = trust->own_floor;
    if (e == ERR_OK)
        e = anchors_new(options->anchors, &trust->anchors);
    if (e == ERR_OK)
        e = lists_new(options->crl, &trust->lists);
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
    lists_free(trust->lists);
    anchors_free(trust->anchors);
    timefloor_free(trust->own_floor);
    free(trust);
}

enum err trust_use_lists(struct trust *trust, struct lists_fetched *fetched)
{
    const struct anchor_set *set = anchors_borrow(trust->anchors);
    enum err e = lists_use(trust->lists, set->all, fetched);

    anchors_return(trust->anchors, set);

    /* What was kept has raised it before, when its signer was known. */
    if (e == ERR_OK && !fetched->kept)
        timefloor_raise(trust->floor, fetched->begun_s);
    return e;
}

mbedtls_x509_crt *trust_anchors(const struct trust *trust)
{
    return anchors_configured(trust->anchors);
}

enum err trust_roll_anchors(
    struct trust *trust, const struct certs_only *offered, struct bytes *kept)
{
    const struct anchor_set *set = anchors_borrow(trust->anchors);
    const struct crls *crls = lists_borrow(trust->lists);
    struct rollover_question q = {.offered = offered,
        .trusted = set,
        .crls = crls,
        .crl_grace_s = trust->crl_grace_s};
    struct rollover r;
    enum err e;

    q.now_s = timefloor_now(trust->floor, &q.clock_is_late);
    e = rollover_judge(&q, &r);
    if (e == ERR_OK) {
        e = anchors_put(trust->anchors, r.additions, r.count, kept);
        rollover_clear(&r);
    }
    lists_return(trust->lists, crls);
    anchors_return(trust->anchors, set);
    return e;
}

enum err trust_restore_anchors(struct trust *trust, const char *pem)
{
    return anchors_restore(trust->anchors, pem);
}

void trust_look(const struct trust *trust, struct anchors_view *out)
{
    anchors_look(trust->anchors, out);
}

enum err trust_digest(
    const struct trust *trust, unsigned char out[TRUST_DIGEST])
{
    static const char build[] = NAMEPLATE_VERSION " " NAMEPLATE_BUILD;
    mbedtls_sha256_context hash;
    bool ok;

    mbedtls_sha256_init(&hash);
    ok = mbedtls_sha256_starts(&hash, 0) == 0 &&
        mbedtls_sha256_update(
            &hash, (const unsigned char *)build, sizeof(build)) == 0 &&
        mbedtls_sha256_update(&hash, (const unsigned char *)&trust->pins,
            sizeof(trust->pins)) == 0;
    for (const mbedtls_x509_crt *c = trust_anchors(trust); c != NULL && ok;
         c = c->next)
        ok = mbedtls_sha256_update(&hash, c->raw.p, c->raw.len) == 0;
    ok = ok && mbedtls_sha256_finish(&hash, out) == 0;
    mbedtls_sha256_free(&hash);
    return ok ? ERR_OK : ERR_IO;
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
    case PATH_AUTHORITY: /* no peer is one: rollover.h */
        reason = TRUST_PURPOSE;
        break;
    }
    return reason;
}

/* Of the way that was good, or else of the first that was not. */
struct judgement {
    const struct trust *trust;
    const struct trust_question *question;
    enum trust_reason reason;
    enum proof level;
};

static enum trust_reason accept_path(void *context, const struct path *path)
{
    struct judgement *j = context;
    enum proof level;
    enum trust_reason reason = judge_peer(j->trust, j->question, path, &level);

    if (reason == TRUST_OK || j->reason == TRUST_OK) {
        j->reason = reason;
        j->level = level;
    }
    return reason;
}

/* Who was believed has told us that it is not earlier than this, and which CAs'
 * lists to believe. */
static void learn(const struct trust *trust, const struct path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        const mbedtls_x509_crt *c = path->certificates[i];

        timefloor_raise(trust->floor, moment_of(&c->valid_from));
        if (i > 0)
            lists_know(trust->lists, c);
    }
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
    const struct crls *crls = lists_borrow(trust->lists);
    const struct anchor_set *set = anchors_borrow(trust->anchors);
    struct judgement j = {.trust = trust, .question = question};
    struct path_question q = {.sent = sent,
        .accept = accept_path,
        .context = &j,
        .anchors = set->all,
        .crls = crls,
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
    v.level = v.reason == j.reason ? j.level : PROOF_NONE;
    if (v.reason != TRUST_OK)
        explain(&v, answer.blamed);
    else if (question->at_s == TRUST_NOW)
        learn(trust, &answer.path);
    anchors_return(trust->anchors, set);
    lists_return(trust->lists, crls);
    *out = v;
}

bool trust_blames_clock(const struct trust_verdict *verdict)
{
    return verdict->clock_is_late &&
        (verdict->reason == TRUST_EXPIRED || verdict->reason == TRUST_NOT_YET);
}
