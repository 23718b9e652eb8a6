/* distinguished_name.c */

#include "identity/distinguished_name.h"

#include <mbedtls/asn1.h>
#include <string.h>

#define CONSTRUCTED_SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)
#define CONSTRUCTED_SET      (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SET)

struct range {
    unsigned char *p, *end;
};

struct attribute {
    struct range oid, value;
    unsigned char tag;
};

/* Step into the element of type `tag` at r->p; r->p moves behind it. */
static bool enter(struct range *r, int tag, struct range *inside)
{
    size_t len;

    if (mbedtls_asn1_get_tag(&r->p, r->end, &len, tag) != 0)
        return false;
    *inside = (struct range){r->p, r->p + len};
    r->p += len;
    return true;
}

static bool open_name(struct dn name, struct range *rdns)
{
    struct range whole = {name.der, name.der + name.len};

    return name.der != NULL && enter(&whole, CONSTRUCTED_SEQUENCE, rdns) &&
        whole.p == whole.end;
}

static bool next_attribute(struct range *set, struct attribute *a)
{
    struct range pair;
    size_t len;

    if (!enter(set, CONSTRUCTED_SEQUENCE, &pair) ||
        !enter(&pair, MBEDTLS_ASN1_OID, &a->oid) || pair.p == pair.end)
        return false;
    a->tag = *pair.p++;
    if (mbedtls_asn1_get_len(&pair.p, pair.end, &len) != 0 ||
        pair.p + len != pair.end)
        return false;
    a->value = (struct range){pair.p, pair.end};
    return true;
}

static bool is_text(const struct attribute *a)
{
    return a->tag == MBEDTLS_ASN1_UTF8_STRING ||
        a->tag == MBEDTLS_ASN1_PRINTABLE_STRING ||
        a->tag == MBEDTLS_ASN1_IA5_STRING || a->tag == MBEDTLS_ASN1_T61_STRING;
}

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

static void skip_spaces(struct range *r)
{
    while (r->p < r->end && *r->p == ' ')
        r->p++;
}

/* The next character in canonical form; -1 at the end.  A run of spaces is one,
 * and none at the end. */
static int next_canonical(struct range *r)
{
    if (r->p < r->end && *r->p == ' ') {
        skip_spaces(r);
        if (r->p < r->end)
            return ' ';
    }
    return r->p < r->end ? fold(*r->p++) : -1;
}

static bool same_text(struct range a, struct range b)
{
    int c;

    skip_spaces(&a);
    skip_spaces(&b);
    do {
        c = next_canonical(&a);
        if (c != next_canonical(&b))
            return false;
    } while (c >= 0);
    return true;
}

static bool same_bytes(struct range a, struct range b)
{
    return a.end - a.p == b.end - b.p &&
        memcmp(a.p, b.p, (size_t)(a.end - a.p)) == 0;
}

static bool same_attribute(const struct attribute *a, const struct attribute *b)
{
    if (!same_bytes(a->oid, b->oid))
        return false;
    if (is_text(a) && is_text(b))
        return same_text(a->value, b->value);
    return a->tag == b->tag && same_bytes(a->value, b->value);
}

/* DER sorts the attributes of a set, so position decides. */
static bool same_rdn(struct range a, struct range b)
{
    struct attribute x, y;

    while (a.p < a.end && b.p < b.end)
        if (!next_attribute(&a, &x) || !next_attribute(&b, &y) ||
            !same_attribute(&x, &y))
            return false;
    return a.p == a.end && b.p == b.end;
}

static bool begins(struct range *name, struct range *base)
{
    struct range a, b;

    while (base->p < base->end)
        if (name->p == name->end || !enter(name, CONSTRUCTED_SET, &a) ||
            !enter(base, CONSTRUCTED_SET, &b) || !same_rdn(a, b))
            return false;
    return true;
}

bool dn_equal(struct dn a, struct dn b)
{
    struct range x, y;

    return open_name(a, &x) && open_name(b, &y) && begins(&x, &y) &&
        x.p == x.end;
}

bool dn_within(struct dn name, struct dn base)
{
    struct range x, y;

    return open_name(name, &x) && open_name(base, &y) && begins(&x, &y);
}

bool dn_is_empty(struct dn name)
{
    struct range rdns;

    return open_name(name, &rdns) && rdns.p == rdns.end;
}

/* Calls `see` for each attribute; false when the name is malformed. */
static bool each(struct dn name, void (*see)(void *, const struct attribute *),
    void *context)
{
    struct range rdns, set;
    struct attribute a;

    if (!open_name(name, &rdns))
        return false;
    while (rdns.p < rdns.end) {
        if (!enter(&rdns, CONSTRUCTED_SET, &set) || set.p == set.end)
            return false;
        while (set.p < set.end) {
            if (!next_attribute(&set, &a))
                return false;
            see(context, &a);
        }
    }
    return true;
}

/* Above ASCII only UTF-8 says which letter it is: T61 has many readings. */
static bool is_certain_text(const struct attribute *a)
{
    bool ascii = true;

    for (const unsigned char *p = a->value.p; p < a->value.end; p++)
        ascii &= *p < 0x80;
    return is_text(a) && (ascii || a->tag == MBEDTLS_ASN1_UTF8_STRING);
}

static void see_text(void *context, const struct attribute *a)
{
    bool *all_text = context;

    *all_text &= is_certain_text(a);
}

bool dn_is_comparable(struct dn name)
{
    bool all_text = true;

    return each(name, see_text, &all_text) && all_text;
}

struct search {
    const char *oid;
    int times;
    struct range found;
};

static void see_oid(void *context, const struct attribute *a)
{
    struct search *s = context;

    if ((size_t)(a->oid.end - a->oid.p) != strlen(s->oid) ||
        memcmp(a->oid.p, s->oid, strlen(s->oid)) != 0)
        return;
    s->found = a->value;
    s->times++;
}

bool dn_value(
    struct dn name, const char *oid, const unsigned char **value, size_t *len)
{
    struct search s = {.oid = oid};

    if (!each(name, see_oid, &s) || s.times != 1)
        return false;
    *value = s.found.p;
    *len = (size_t)(s.found.end - s.found.p);
    return true;
}

bool dn_has(struct dn name, const char *oid)
{
    struct search s = {.oid = oid};

    return !each(name, see_oid, &s) || s.times > 0;
}
