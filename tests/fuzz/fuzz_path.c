/* Any handful of certificates, in any order: the search for a path agrees with
 * a judge who knows how each was made and walks every way there is.
 *
 * The first byte is the question, every two after it one certificate: who of
 * six signed whom, as an anchor or sent along, and what it says. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "identity/oid.h"
#include "identity/path.h"
#include "identity/signed.h"
#include "mint.h"
#include "ports/port.h"

#define PARTIES 6
#define MOST    9 /* certificates in one input */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* The true one, and what stands before it. */
bool __real_signed_check(
    const struct signed_bytes *s, const mbedtls_pk_context *key);
bool __wrap_signed_check(
    const struct signed_bytes *s, const mbedtls_pk_context *key);

struct made {
    unsigned subject, issuer;
    unsigned kind, dates, purpose, names; /* see plan_of */
    bool is_anchor;
    const mbedtls_x509_crt *crt;
};

struct world {
    struct path_question question;
    struct made made[MOST]; /* made[0] is the leaf */
    size_t count;
    bool good;         /* the judge found a good way */
    unsigned complete; /* ways to an anchor, good or not */
    unsigned steps;
};

static struct party parties[PARTIES], forgers[PARTIES];
static struct bytes constraints[2], names;
static unsigned checks;

/* --- signatures, remembered ---------------------------------------------- */

struct memory {
    unsigned char signature[8], point[8];
    bool used, good;
};
static struct memory memories[1 << 16];

static bool remembered(
    const struct signed_bytes *s, const mbedtls_pk_context *key)
{
    unsigned char spki[256];
    int n = mbedtls_pk_write_pubkey_der(
        (mbedtls_pk_context *)key, spki, sizeof(spki));
    struct memory m = {.used = true};
    size_t slot;

    if (n < 8 || s->signature_len < 8)
        abort();
    memcpy(m.signature, s->signature + s->signature_len - 8, 8);
    memcpy(m.point, spki + sizeof(spki) - 8, 8);
    memcpy(&slot, m.signature, sizeof(slot));
    slot = (slot ^ m.point[0] ^ (size_t)m.point[1] << 8) & 0xffff;
    if (!memories[slot].used ||
        memcmp(memories[slot].signature, m.signature, 8) != 0 ||
        memcmp(memories[slot].point, m.point, 8) != 0) {
        m.good = __real_signed_check(s, key);
        memories[slot] = m;
    }
    return memories[slot].good;
}

bool __wrap_signed_check(
    const struct signed_bytes *s, const mbedtls_pk_context *key)
{
    checks++;
#ifdef PLANT_A_FAULT /* test_trust proves that it would be found */
    (void)s;
    (void)key;
    return true;
#else
    return remembered(s, key);
#endif
}

/* --- certificates, each made once ---------------------------------------- */

static struct mint_plan plan_of(const struct made *m)
{
    static const char *const purposes[] = {
        NULL, OID_SERVER_AUTH, OID_CLIENT_AUTH, "2.5.29.37.0"};

    return (struct mint_plan){
        .issuer = &parties[m->issuer],
        .signer = m->names == 3 ? &forgers[m->issuer] : NULL,
        .is_ca = m->kind != 1,
        .has_limit = m->kind >= 2,
        .limit = m->kind == 3,
        .from = m->dates == 1 ? MINT_NOW + MINT_DAY : 0,
        .to = m->dates == 2 ? MINT_NOW - MINT_DAY : 0,
        .purpose = purposes[m->purpose],
        .names = m->kind == 1 ? bytes_span(&names) : (struct span){NULL, 0},
        .constraints = m->names == 1 || m->names == 2
            ? bytes_span(&constraints[m->names - 1])
            : (struct span){NULL, 0},
    };
}

static const struct bytes *der_of(const struct made *m)
{
    static struct bytes cache[PARTIES][PARTIES][256];
    unsigned variant =
        m->kind | m->dates << 2 | m->purpose << 4 | m->names << 6;
    struct bytes *der = &cache[m->subject][m->issuer][variant];

    if (der->at == NULL) {
        struct mint_plan plan = plan_of(m);

        *der = mint(&parties[m->subject], &plan);
    }
    return der;
}

/* --- the judge ----------------------------------------------------------- */

static bool dates_fit(const struct world *w, const struct made *m)
{
    return m->dates == 2 ? false : m->dates != 1 || w->question.clock_is_late;
}

static bool purpose_fits(const struct world *w, const struct made *m, bool leaf)
{
    bool server = w->question.purpose == PATH_SERVER;

    if (m->purpose == 0)
        return !leaf || !server;
    if (m->purpose == 3)
        return !leaf;
    return (m->purpose == 1) == server;
}

/* Is the way[0..count), leaf first, anchor last, good? */
static bool is_good(
    const struct world *w, const struct made *const *way, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct made *m = way[i];
        bool self_issued = m->subject == m->issuer;

        if (!dates_fit(w, m) || !purpose_fits(w, m, i == 0))
            return false;
        if (i == 0 && count > 1 && m->kind != 1)
            return false; /* a CA is no server */
        if (i == 0 && count == 1 && m->kind != 1)
            return false; /* keyUsage: certificates only */
        if (i > 0 && m->kind == 1)
            return false;
        if (m->kind >= 2) { /* pathLen 0 or 1 */
            unsigned below = 0;

            for (size_t j = 1; j < i; j++)
                below += way[j]->subject != way[j]->issuer;
            if (below > (m->kind == 3 ? 1u : 0u))
                return false;
        }
        if (m->kind != 1 || (i > 0 && self_issued))
            continue;
        /* Constrained are names, and those with names are no CAs: a leaf says
         * "x.a.test".  1 permits a.test, 2 excludes it. */
        for (size_t j = i + 1; j < count; j++)
            if (way[j]->names == 2)
                return false;
    }
    return true;
}

static bool vouches(const struct made *issuer, const struct made *child)
{
    const struct signed_bytes s = signed_certificate(child->crt);

    return issuer->subject == child->issuer && remembered(&s, &issuer->crt->pk);
}

static bool is_same(const struct made *a, const struct made *b)
{
    return a->crt->raw.len == b->crt->raw.len &&
        memcmp(a->crt->raw.p, b->crt->raw.p, a->crt->raw.len) == 0;
}

static void walk(struct world *w, const struct made **way, size_t count)
{
    if (++w->steps > 200000)
        return;
    for (size_t i = 0; i < w->count; i++) {
        const struct made *next = &w->made[i];
        bool seen = false;

        for (size_t j = 0; j < count; j++)
            seen |= is_same(way[j], next);
        if (seen || count == PATH_MAX_LENGTH || !vouches(next, way[count - 1]))
            continue;
        way[count] = next;
        if (!next->is_anchor) {
            walk(w, way, count + 1);
            continue;
        }
        w->complete++;
        w->good |= is_good(w, way, count + 1);
    }
}

static void judge(struct world *w)
{
    const struct made *way[PATH_MAX_LENGTH + 1] = {&w->made[0]};

    for (size_t i = 1; i < w->count; i++)
        if (w->made[i].is_anchor && is_same(&w->made[i], way[0]) &&
            way[0]->subject == way[0]->issuer) {
            w->complete++;
            w->good = is_good(w, way, 1);
            return;
        }
    walk(w, way, 1);
}

/* --- what must hold ------------------------------------------------------ */

static const struct made *made_of(
    const struct world *w, const mbedtls_x509_crt *crt)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->made[i].crt == crt)
            return &w->made[i];
    abort();
}

static void check_path(const struct world *w, const struct path *p)
{
    const struct made *way[PATH_MAX_LENGTH];

    if (p->count == 0 || p->count > PATH_MAX_LENGTH)
        abort();
    for (size_t i = 0; i < p->count; i++) {
        way[i] = made_of(w, p->certificates[i]);
        if (i > 0 && !vouches(way[i], way[i - 1]))
            abort();
        for (size_t j = 0; j < i; j++)
            if (is_same(way[i], way[j]))
                abort();
    }
    if (way[0] != &w->made[0] || !is_good(w, way, p->count))
        abort();
    if (p->count > 1 && !way[p->count - 1]->is_anchor)
        abort();
}

static void compare(struct world *w)
{
    struct path_answer answer;

    checks = 0;
    path_find(&w->question, &answer);
    if (checks > PATH_MAX_CHECKS)
        abort();
    if (answer.reason == TRUST_OK) {
        check_path(w, &answer.path);
        return;
    }
    if (answer.blamed == NULL || answer.reason >= TRUST_REASONS)
        abort();
    judge(w);
    if (w->good && checks < PATH_MAX_CHECKS &&
        w->complete < PATH_MAX_COMPLETE && w->steps < 200000)
        abort(); /* there was a good way */
}

static void set_up(void)
{
    static bool done;

    if (done)
        return;
    done = true;
    for (unsigned i = 0; i < PARTIES; i++) {
        const char name[] = {(char)('A' + i), '\0'};

        parties[i] = party_named(name);
        forgers[i] = party_twin(&parties[i]);
    }
    constraints[0] = mint_constraints("+dns:a.test");
    constraints[1] = mint_constraints("-dns:a.test");
    names = mint_names("dns:x.a.test");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    mbedtls_x509_crt sent, anchors;
    struct world w = {.count = 0};

    if (len < 3)
        return 0;
    set_up();
    mbedtls_x509_crt_init(&sent);
    mbedtls_x509_crt_init(&anchors);
    w.question = (struct path_question){.sent = &sent,
        .anchors = &anchors,
        .purpose = bytes[0] & 1 ? PATH_DEVICE : PATH_SERVER,
        .now_s = MINT_NOW,
        .clock_is_late = (bytes[0] & 2) != 0};
    for (size_t i = 1; i + 1 < len && w.count < MOST; i += 2) {
        struct made *m = &w.made[w.count];
        mbedtls_x509_crt *list;

        *m = (struct made){
            .subject = bytes[i] % PARTIES,
            .issuer = bytes[i] / PARTIES % PARTIES,
            .is_anchor = w.count > 0 && bytes[i] >= 6 * PARTIES * PARTIES / 2,
            .kind = bytes[i + 1] & 3,
            .dates = bytes[i + 1] >> 2 & 3,
            .purpose = bytes[i + 1] >> 4 & 3,
            .names = bytes[i + 1] >> 6,
        };
        list = m->is_anchor ? &anchors : &sent;
        mint_add(list, der_of(m));
        while (list->next != NULL)
            list = list->next;
        m->crt = list;
        w.count++;
    }
    compare(&w);
    mbedtls_x509_crt_free(&sent);
    mbedtls_x509_crt_free(&anchors);
    return 0;
}
