/* constraints.c - names are compared with each subtree in turn.
 *
 * Two answers are kept apart: whether a name lies wholly inside a permitted
 * subtree, and whether any part of it lies inside an excluded one; for a
 * wildcard they differ ("*.a.test" reaches into an excluded "x.a.test" and does
 * not lie inside a permitted one). */

#include "identity/constraints.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "identity/distinguished_name.h"
#include "identity/extension.h"

#define CONTEXT(n)                                                             \
    (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED | (n))
#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)

struct subtrees {
    unsigned char *p, *end;
};

struct constraints {
    struct subtrees permitted, excluded;
    size_t work; /* done so far, see WORK_MAX */
};

/* A CA of somebody else's could write 1,000 subtrees and a leaf with 2,000
 * names: each comparison costs a step, and as many as there are bytes of
 * directoryName to walk. */
#define WORK_MAX 100000

static bool take(
    unsigned char **p, unsigned char *end, int tag, struct subtrees *out)
{
    size_t len;

    if (*p == end || **p != tag)
        return true; /* it is OPTIONAL */
    if (mbedtls_asn1_get_tag(p, end, &len, tag) != 0 || len == 0)
        return false;
    *out = (struct subtrees){*p, *p + len};
    *p += len;
    return true;
}

static bool parse(
    const unsigned char *value, size_t len, struct constraints *out)
{
    unsigned char *p = (unsigned char *)value; /* mbedTLS wants no const */
    unsigned char *end = p + len;
    size_t inner;

    *out = (struct constraints){.work = 0};
    if (mbedtls_asn1_get_tag(&p, end, &inner, SEQUENCE) != 0 ||
        p + inner != end || inner == 0)
        return false;
    return take(&p, end, CONTEXT(0), &out->permitted) &&
        take(&p, end, CONTEXT(1), &out->excluded) && p == end;
}

/* GeneralSubtree: base, and neither minimum nor maximum (section 4.2.1.10:
 * "minimum MUST be zero, and maximum MUST be absent"; DER omits a zero). */
static enum err next_base(struct subtrees *s, struct general_name *base)
{
    unsigned char *end;
    size_t len;
    enum err e;

    if (s->p == s->end)
        return ERR_NOT_FOUND;
    if (mbedtls_asn1_get_tag(&s->p, s->end, &len, SEQUENCE) != 0)
        return ERR_INVALID;
    end = s->p + len;
    e = general_next(&s->p, end, base);
    if (e != ERR_OK || s->p != end)
        return ERR_INVALID;
    return ERR_OK;
}

/* --- dNSName ------------------------------------------------------------- */

static bool is_plain_dns(const struct general_name *n)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*";

    for (size_t i = 0; i < n->len; i++)
        if (n->bytes[i] == 0 || strchr(allowed, n->bytes[i]) == NULL)
            return false;
    return n->len > 0 && n->bytes[n->len - 1] != '.';
}

static bool ends_with(
    const struct general_name *n, const unsigned char *tail, size_t len)
{
    return n->len >= len &&
        strncasecmp((const char *)n->bytes + n->len - len, (const char *)tail,
            len) == 0;
}

/* Empty, or labels, perhaps behind a dot.  A wildcard or a dot at the end would
 * match nothing, where somebody meant to exclude something. */
static bool is_domain(const struct general_name *base)
{
    unsigned char before = '\0';

    for (size_t i = 0; i < base->len; i++) {
        if (base->bytes[i] == '*' || (base->bytes[i] == '.' && before == '.'))
            return false;
        before = base->bytes[i];
    }
    return base->len == 0 || is_plain_dns(base);
}

/* "a.test" holds itself and all below; ".a.test" only what is below. */
static bool dns_inside(
    const struct general_name *n, const struct general_name *base)
{
    if (base->len == 0)
        return true;
    if (!ends_with(n, base->bytes, base->len))
        return false;
    if (base->bytes[0] == '.' || n->len == base->len)
        return n->len > base->len || base->bytes[0] != '.';
    return n->bytes[n->len - base->len - 1] == '.';
}

/* Could "*.a.test" stand for a name inside `base`? */
static bool wildcard_reaches(
    const struct general_name *n, const struct general_name *base)
{
    size_t label = 0;

    if (n->len < 2 || n->bytes[0] != '*' || n->bytes[1] != '.')
        return false;
    while (label < base->len && base->bytes[label] != '.')
        label++;
    return label > 0 && base->len - label == n->len - 1 &&
        ends_with(base, n->bytes + 1, n->len - 1);
}

/* --- iPAddress ----------------------------------------------------------- */

static bool is_prefix_mask(const unsigned char *mask, size_t len)
{
    bool ended = false;

    for (size_t bit = 0; bit < 8 * len; bit++) {
        bool set = (mask[bit / 8] >> (7 - bit % 8)) & 1;

        if (set && ended)
            return false;
        ended |= !set;
    }
    return true;
}

static enum err ip_inside(
    const struct general_name *n, const struct general_name *base, bool *inside)
{
    size_t len = base->len / 2;

    *inside = false;
    if ((base->len != 8 && base->len != 32) ||
        !is_prefix_mask(base->bytes + len, len))
        return ERR_INVALID;
    if (n->len != len)
        return ERR_OK;
    for (size_t i = 0; i < len; i++)
        if (((n->bytes[i] ^ base->bytes[i]) & base->bytes[len + i]) != 0)
            return ERR_OK;
    *inside = true;
    return ERR_OK;
}

/* --- directoryName ------------------------------------------------------- */

static enum err directory_inside(struct dn name, struct dn base, bool *inside)
{
    if (!dn_is_comparable(base))
        return ERR_INVALID;
    if (!dn_is_comparable(name))
        return ERR_DENIED;
    *inside = dn_within(name, base);
    return ERR_OK;
}

/* --- one name, all subtrees ---------------------------------------------- */

/* Is `n` inside `base`; for an excluded one: is any part of it? */
static enum err compare(const struct general_name *n,
    const struct general_name *base, bool any_part, bool *inside)
{
    switch (n->form) {
    case GENERAL_DNS:
        if (!is_domain(base))
            return ERR_INVALID;
        if (!is_plain_dns(n))
            return ERR_DENIED;
        *inside =
            dns_inside(n, base) || (any_part && wildcard_reaches(n, base));
        return ERR_OK;
    case GENERAL_IP:
        return ip_inside(n, base, inside);
    case GENERAL_DIRECTORY:
        return directory_inside((struct dn){n->bytes, n->len},
            (struct dn){base->bytes, base->len}, inside);
    default:
        return ERR_DENIED; /* constrained, and not comparable */
    }
}

/* *found: subtrees of this name's form; *inside: it is in one of them. */
static enum err look(struct constraints *c, const struct general_name *n,
    bool any_part, bool *found, bool *inside)
{
    struct subtrees subtrees = any_part ? c->excluded : c->permitted;
    struct general_name base;
    enum err e;

    *found = *inside = false;
    while ((e = next_base(&subtrees, &base)) == ERR_OK) {
        bool here = false;

        c->work += n->form == GENERAL_DIRECTORY ? 1 + base.len + n->len : 1;
        if (c->work > WORK_MAX)
            return ERR_TOO_BIG;
        if (base.form != n->form)
            continue;
        *found = true;
        e = compare(n, &base, any_part, &here);
        if (e != ERR_OK)
            return e;
        *inside |= here;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err check_name(const struct general_name *n, struct constraints *c)
{
    bool found, inside;
    enum err e = look(c, n, true, &found, &inside);

    if (e != ERR_OK)
        return e;
    if (inside)
        return ERR_DENIED;
    e = look(c, n, false, &found, &inside);
    if (e != ERR_OK)
        return e;
    return found && !inside ? ERR_DENIED : ERR_OK;
}

static enum err check_subject(
    const mbedtls_x509_crt *crt, struct constraints *c)
{
    const struct dn subject = {crt->subject_raw.p, crt->subject_raw.len};
    const struct general_name name = {
        GENERAL_DIRECTORY, crt->subject_raw.p, crt->subject_raw.len};
    const struct general_name email = {GENERAL_EMAIL, NULL, 0};
    enum err e;

    if (dn_is_empty(subject))
        return ERR_OK;
    e = check_name(&name, c);
    if (e == ERR_OK && dn_has(subject, MBEDTLS_OID_PKCS9_EMAIL))
        e = check_name(&email, c);
    return e;
}

enum err constraints_check(
    const unsigned char *value, size_t len, const mbedtls_x509_crt *subject)
{
    struct constraints c;
    struct general_name n;
    unsigned char *p, *end;
    enum err e;

    if (!parse(value, len, &c))
        return ERR_INVALID;
    e = check_subject(subject, &c);
    if (e != ERR_OK)
        return e;
    e = general_begin(subject, &p, &end);
    if (e != ERR_OK)
        return e;
    while ((e = general_next(&p, end, &n)) == ERR_OK) {
        e = check_name(&n, &c);
        if (e != ERR_OK)
            return e;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static bool is_of(const struct general_name *base, const char *o)
{
    const struct dn name = {base->bytes, base->len};
    const unsigned char *value;
    size_t len;

    return dn_value(name, MBEDTLS_OID_AT_ORGANIZATION, &value, &len) &&
        len == strlen(o) && memcmp(value, o, len) == 0;
}

bool constraints_hold_to(const unsigned char *value, size_t len, const char *o)
{
    struct constraints c;
    struct general_name base;
    bool held = false;
    enum err e;

    if (!parse(value, len, &c))
        return false;
    while ((e = next_base(&c.permitted, &base)) == ERR_OK)
        if (base.form == GENERAL_DIRECTORY) {
            if (!is_of(&base, o))
                return false;
            held = true;
        }
    return held && e == ERR_NOT_FOUND;
}
