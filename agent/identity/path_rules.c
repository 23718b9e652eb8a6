/* path_rules.c - position 0 is the leaf, the last one the anchor.
 *
 * An anchor counts like any other CA here: its dates, purposes and constraints
 * were written by whoever made it (RFC 5937).  Only its signature and its
 * revocation are nobody's to judge. */

#include "identity/path_rules.h"

#include <mbedtls/oid.h>
#include <string.h>

#include "identity/constraints.h"
#include "identity/distinguished_name.h"
#include "identity/extension.h"
#include "identity/moment.h"
#include "identity/signed.h"

struct look {
    const struct path_question *question;
    const struct path *path;
    size_t at;
    const mbedtls_x509_crt *certificate; /* the one at `at` */
    bool is_leaf, is_anchor;
};

typedef enum trust_reason rule(const struct look *l);

static bool has(const mbedtls_x509_crt *c, int extension)
{
    return (c->MBEDTLS_PRIVATE(ext_types) & extension) != 0;
}

static enum trust_reason well_formed(const struct look *l)
{
    return extension_repeats(l->certificate) ? TRUST_MALFORMED : TRUST_OK;
}

static enum trust_reason critical(const struct look *l)
{
    return extension_unknown_critical(l->certificate) ? TRUST_CRITICAL_EXTENSION
                                                      : TRUST_OK;
}

static enum trust_reason key(const struct look *l)
{
    return signed_key_is_strong(&l->certificate->pk) ? TRUST_OK
                                                     : TRUST_WEAK_KEY;
}

static enum trust_reason signature(const struct look *l)
{
    const struct signed_bytes s = signed_certificate(l->certificate);

    return l->is_anchor || signed_is_strong(&s) ? TRUST_OK
                                                : TRUST_WEAK_SIGNATURE;
}

static enum trust_reason dates(const struct look *l)
{
    const struct path_question *q = l->question;

    if (moment_of(&l->certificate->valid_to) < q->now_s)
        return TRUST_EXPIRED;
    if (!q->clock_is_late && moment_of(&l->certificate->valid_from) > q->now_s)
        return TRUST_NOT_YET;
    return TRUST_OK;
}

/* RFC 5280 section 6.1.4 (k), (n); an anchor may be older than basicConstraints
 * (version 1), for it was chosen by hand. */
static enum trust_reason ca(const struct look *l)
{
    const mbedtls_x509_crt *c = l->certificate;

    if (l->is_leaf)
        return TRUST_OK;
    if (!c->MBEDTLS_PRIVATE(ca_istrue) && !(l->is_anchor && c->version < 3))
        return TRUST_NOT_A_CA;
    return mbedtls_x509_crt_check_key_usage(c, MBEDTLS_X509_KU_KEY_CERT_SIGN) ==
            0
        ? TRUST_OK
        : TRUST_NOT_A_CA;
}

static bool is_self_issued(const mbedtls_x509_crt *c)
{
    return dn_equal((struct dn){c->subject_raw.p, c->subject_raw.len},
        (struct dn){c->issuer_raw.p, c->issuer_raw.len});
}

/* Section 4.2.1.9: non-self-issued intermediates that may follow.  mbedTLS
 * keeps the value plus one, 0 for none. */
static enum trust_reason path_length(const struct look *l)
{
    int limit = l->certificate->MBEDTLS_PRIVATE(max_pathlen);
    int below = 0;

    for (size_t i = 1; i < l->at; i++)
        below += !is_self_issued(l->path->certificates[i]);
    return limit == 0 || below < limit ? TRUST_OK : TRUST_PATH_LENGTH;
}

static bool names_purpose(
    const mbedtls_x509_crt *c, const char *oid, size_t len, bool any_counts)
{
    for (const mbedtls_x509_sequence *s = &c->ext_key_usage; s != NULL;
         s = s->next) {
        if (s->buf.len == len && memcmp(s->buf.p, oid, len) == 0)
            return true;
        if (any_counts &&
            MBEDTLS_OID_CMP(MBEDTLS_OID_ANY_EXTENDED_KEY_USAGE, &s->buf) == 0)
            return true;
    }
    return false;
}

/* Section 4.2.1.12, and above the leaf as browsers do it: a CA that says what
 * it is for can vouch for nothing else.  "Any" is a CA's to say, not a leaf's;
 * a server's leaf must say that it is one. */
static enum trust_reason extended_key_usage(const struct look *l)
{
    bool server = l->question->purpose != PATH_DEVICE;
    const char *oid =
        server ? MBEDTLS_OID_SERVER_AUTH : MBEDTLS_OID_CLIENT_AUTH;
    size_t len = server ? MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)
                        : MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH);
    bool silent = !has(l->certificate, MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE);

    if (silent)
        return l->is_leaf && server ? TRUST_PURPOSE : TRUST_OK;
    return names_purpose(l->certificate, oid, len, !l->is_leaf) ? TRUST_OK
                                                                : TRUST_PURPOSE;
}

/* A leaf signs handshakes, and is no CA unless it is its own anchor. */
static enum trust_reason leaf_use(const struct look *l)
{
    const mbedtls_x509_crt *c = l->certificate;

    if (!l->is_leaf)
        return TRUST_OK;
    if (c->MBEDTLS_PRIVATE(ca_istrue) && !l->is_anchor)
        return TRUST_PURPOSE;
    return mbedtls_x509_crt_check_key_usage(
               c, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0
        ? TRUST_OK
        : TRUST_PURPOSE;
}

static enum trust_reason constraints_fault(enum err e)
{
    if (e == ERR_TOO_BIG)
        return TRUST_TOO_COMPLEX;
    return e == ERR_DENIED ? TRUST_CONSTRAINTS : TRUST_MALFORMED;
}

/* Every CA above has a say; self-issued ones are exempt, a leaf is not
 * (section 6.1.3 (b)). */
static enum trust_reason constraints(const struct look *l)
{
    if (!l->is_leaf && is_self_issued(l->certificate))
        return TRUST_OK;
    for (size_t i = l->at + 1; i < l->path->count; i++) {
        struct extension nc;
        enum err e = extension_find(
            l->path->certificates[i], MBEDTLS_OID_NAME_CONSTRAINTS, &nc);

        if (e == ERR_OK)
            e = constraints_check(nc.value, nc.len, l->certificate);
        else if (e == ERR_NOT_FOUND)
            e = ERR_OK;
        if (e != ERR_OK)
            return constraints_fault(e);
    }
    return TRUST_OK;
}

static enum trust_reason revocation(const struct look *l)
{
    const struct path_question *q = l->question;

    const struct crl_when when = {q->now_s, q->crl_grace_s, q->clock_is_late};

    if (l->is_anchor || q->crls == NULL)
        return TRUST_OK;
    switch (crls_look(
        q->crls, l->certificate, l->path->certificates[l->at + 1], &when)) {
    case CRL_NONE:
    case CRL_GOOD:
        return TRUST_OK;
    case CRL_REVOKED:
        return TRUST_REVOKED;
    case CRL_STALE:
        return TRUST_CRL_STALE;
    case CRL_BAD:
        break;
    }
    return TRUST_CRL_BAD;
}

enum trust_reason path_rules_check(const struct path_question *question,
    const struct path *path, const mbedtls_x509_crt **blamed)
{
    static rule *const rules[] = {well_formed, critical, key, signature, dates,
        ca, path_length, extended_key_usage, constraints, revocation, leaf_use};

    for (size_t at = path->count; at-- > 0;) {
        const struct look l = {.question = question,
            .path = path,
            .at = at,
            .certificate = path->certificates[at],
            .is_leaf = at == 0 && question->purpose != PATH_AUTHORITY,
            .is_anchor = at == path->count - 1};

        for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
            enum trust_reason reason = rules[i](&l);

            if (reason != TRUST_OK) {
                *blamed = l.certificate;
                return reason;
            }
        }
    }
    return TRUST_OK;
}
