/* path.c - a depth-first search.
 *
 * Invariants: search.path holds a chain in which each certificate's signature
 * was made by the next one's key; no certificate stands in it twice; the work
 * is bounded by PATH_MAX_CHECKS and PATH_MAX_COMPLETE, whatever a peer sends.
 * When every way fails, the answer blames the first complete path, for there an
 * anchor vouches for what is criticised; only without one, the missing issuer.
 */

#include "identity/path.h"

#include <mbedtls/oid.h>
#include <string.h>

#include "identity/certificate.h"
#include "identity/distinguished_name.h"
#include "identity/path_rules.h"
#include "identity/signed.h"

struct search {
    const struct path_question *question;
    struct path_answer *answer;
    struct path path;
    unsigned checks;
    unsigned complete; /* paths to an anchor that were found, and not good */
};

static struct dn subject_of(const mbedtls_x509_crt *c)
{
    return (struct dn){c->subject_raw.p, c->subject_raw.len};
}

static struct dn issuer_of(const mbedtls_x509_crt *c)
{
    return (struct dn){c->issuer_raw.p, c->issuer_raw.len};
}

static bool same(const mbedtls_x509_crt *a, const mbedtls_x509_crt *b)
{
    return a->raw.len == b->raw.len &&
        memcmp(a->raw.p, b->raw.p, a->raw.len) == 0;
}

static bool is_in_path(const struct search *s, const mbedtls_x509_crt *c)
{
    for (size_t i = 0; i < s->path.count; i++)
        if (same(s->path.certificates[i], c))
            return true;
    return false;
}

static void blame(
    struct search *s, enum trust_reason reason, const mbedtls_x509_crt *c)
{
    s->answer->reason = reason;
    s->answer->blamed = c;
}

/* A mere absence is said of the last certificate we got to; a forged signature
 * and a key that we do not compute with say more, and stay. */
static void blame_incomplete(
    struct search *s, enum trust_reason reason, const mbedtls_x509_crt *c)
{
    enum trust_reason so_far = s->answer->reason;

    if (s->complete > 0 || so_far == TRUST_TOO_COMPLEX ||
        (reason == TRUST_UNKNOWN_ISSUER &&
            (so_far == TRUST_BAD_SIGNATURE || so_far == TRUST_WEAK_KEY ||
                so_far == TRUST_UNSUPPORTED)))
        return;
    blame(s, reason, c);
}

/* The path in `s` ends at an anchor: is it good? */
static bool is_good(struct search *s)
{
    const mbedtls_x509_crt *blamed = NULL;
    const struct path_question *q = s->question;
    enum trust_reason reason = path_rules_check(q, &s->path, &blamed);

    if (reason == TRUST_OK && q->accept != NULL) {
        blamed = s->path.certificates[0];
        reason = q->accept(q->context, &s->path);
    }
    if (reason == TRUST_OK) {
        s->answer->reason = TRUST_OK;
        s->answer->blamed = NULL;
        s->answer->path = s->path;
        return true;
    }
    if (s->complete == 0)
        blame(s, reason, blamed);
    s->complete++;
    return false;
}

static bool push(struct search *s, const mbedtls_x509_crt *c)
{
    if (s->path.count == PATH_MAX_LENGTH) {
        blame_incomplete(s, TRUST_TOO_COMPLEX, c);
        return false;
    }
    s->path.certificates[s->path.count++] = c;
    return true;
}

/* Did `issuer` sign `child`?  Its name is the same already. */
static bool signed_by(struct search *s, const mbedtls_x509_crt *child,
    const mbedtls_x509_crt *issuer)
{
    const struct signed_bytes bytes = signed_certificate(child);

    if (s->checks == PATH_MAX_CHECKS || s->complete == PATH_MAX_COMPLETE) {
        blame_incomplete(s, TRUST_TOO_COMPLEX, child);
        return false;
    }
    if (!certificate_is_usable(issuer)) {
        blame_incomplete(s, TRUST_UNSUPPORTED, child);
        return false;
    }
    if (!signed_key_is_strong(&issuer->pk)) {
        blame_incomplete(s, TRUST_WEAK_KEY, issuer);
        return false;
    }
    s->checks++;
    if (signed_check(&bytes, &issuer->pk))
        return true;
    blame_incomplete(s, TRUST_BAD_SIGNATURE, child);
    return false;
}

static bool climb(struct search *s, const mbedtls_x509_crt *child);

/* Go on from `child` over `issuer`, if it is one. */
static bool try_issuer(struct search *s, const mbedtls_x509_crt *child,
    const mbedtls_x509_crt *issuer, bool is_anchor)
{
    bool good;

    if (issuer->raw.p == NULL ||
        !dn_equal(issuer_of(child), subject_of(issuer)) ||
        is_in_path(s, issuer) || !signed_by(s, child, issuer) ||
        !push(s, issuer))
        return false;
    good = is_anchor ? is_good(s) : climb(s, issuer);
    if (!good)
        s->path.count--;
    return good;
}

/* Recursion ends at PATH_MAX_LENGTH. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static bool climb(struct search *s, const mbedtls_x509_crt *child)
{
    for (const mbedtls_x509_crt *c = s->question->anchors; c != NULL;
         c = c->next)
        if (try_issuer(s, child, c, true))
            return true;
    for (const mbedtls_x509_crt *c = s->question->sent; c != NULL; c = c->next)
        if (try_issuer(s, child, c, false))
            return true;
    blame_incomplete(s, TRUST_UNKNOWN_ISSUER, child);
    return false;
}

/* Somebody put this very certificate among the anchors, and it vouches for
 * itself: a server without a CA. */
static bool is_its_own_anchor(const struct search *s)
{
    const mbedtls_x509_crt *leaf = s->question->sent;

    if (!dn_equal(issuer_of(leaf), subject_of(leaf)))
        return false;
    for (const mbedtls_x509_crt *c = s->question->anchors; c != NULL;
         c = c->next)
        if (same(leaf, c))
            return true;
    return false;
}

static bool is_too_much(const struct path_question *q, struct path_answer *out)
{
    size_t count = 0;

    for (const mbedtls_x509_crt *c = q->sent; c != NULL; c = c->next) {
        if (++count <= PATH_MAX_SENT && c->raw.len <= PATH_MAX_BYTES)
            continue;
        out->reason = TRUST_TOO_COMPLEX;
        out->blamed = c;
        return true;
    }
    return false;
}

void path_find(const struct path_question *question, struct path_answer *out)
{
    struct search s = {.question = question, .answer = out};

    *out = (struct path_answer){
        .reason = TRUST_UNKNOWN_ISSUER, .blamed = question->sent};
    if (is_too_much(question, out) || !push(&s, question->sent))
        return;
    if (is_its_own_anchor(&s))
        (void)is_good(&s);
    else
        (void)climb(&s, question->sent);
}
