/* extension.c */

#include "identity/extension.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <string.h>

#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)
#define MANY     64 /* more extensions than any honest certificate has */

struct extension_walk extension_walk(const mbedtls_x509_crt *certificate)
{
    struct extension_walk walk = {.next = certificate->v3_ext.p};
    size_t len;

    if (walk.next == NULL) /* version 1, or none */
        return walk;
    walk.end = walk.next + certificate->v3_ext.len;
    /* mbedTLS has parsed it: the SEQUENCE is there and ends where [3] does. */
    if (mbedtls_asn1_get_tag(&walk.next, walk.end, &len, SEQUENCE) != 0)
        walk.next = walk.end;
    return walk;
}

enum err extension_next(struct extension_walk *walk, struct extension *out)
{
    unsigned char *p = walk->next;
    unsigned char *end;
    int critical = 0;
    size_t len;

    if (p == walk->end)
        return ERR_NOT_FOUND;
    if (mbedtls_asn1_get_tag(&p, walk->end, &len, SEQUENCE) != 0)
        return ERR_INVALID;
    end = p + len;
    if (mbedtls_asn1_get_tag(&p, end, &out->oid_len, MBEDTLS_ASN1_OID) != 0)
        return ERR_INVALID;
    out->oid = p;
    p += out->oid_len;
    if (p < end && *p == MBEDTLS_ASN1_BOOLEAN &&
        mbedtls_asn1_get_bool(&p, end, &critical) != 0)
        return ERR_INVALID;
    if (mbedtls_asn1_get_tag(&p, end, &out->len, MBEDTLS_ASN1_OCTET_STRING) !=
            0 ||
        p + out->len != end)
        return ERR_INVALID;
    out->critical = critical != 0;
    out->value = p;
    walk->next = end;
    return ERR_OK;
}

static bool is(const struct extension *e, const char *oid)
{
    return e->oid_len == strlen(oid) && memcmp(e->oid, oid, e->oid_len) == 0;
}

enum err extension_find(
    const mbedtls_x509_crt *certificate, const char *oid, struct extension *out)
{
    struct extension_walk walk = extension_walk(certificate);
    struct extension found;
    enum err e;

    while ((e = extension_next(&walk, &found)) == ERR_OK)
        if (is(&found, oid)) {
            *out = found;
            return ERR_OK;
        }
    return e;
}

static bool same(const struct extension *a, const struct extension *b)
{
    return a->oid_len == b->oid_len && memcmp(a->oid, b->oid, a->oid_len) == 0;
}

bool extension_repeats(const mbedtls_x509_crt *certificate)
{
    struct extension_walk walk = extension_walk(certificate);
    struct extension seen[MANY];
    size_t count = 0;
    enum err e;

    while ((e = extension_next(&walk, &seen[count])) == ERR_OK) {
        for (size_t i = 0; i < count; i++)
            if (same(&seen[i], &seen[count]))
                return true;
        if (++count == MANY)
            return true;
    }
    return e != ERR_NOT_FOUND;
}

/* certificatePolicies may be critical: every policy is acceptable to us, and
 * what would demand one (policyConstraints) is not in this list. */
static bool is_evaluated(const struct extension *e)
{
    static const char *const oids[] = {
        MBEDTLS_OID_BASIC_CONSTRAINTS,
        MBEDTLS_OID_KEY_USAGE,
        MBEDTLS_OID_EXTENDED_KEY_USAGE,
        MBEDTLS_OID_SUBJECT_ALT_NAME,
        MBEDTLS_OID_NAME_CONSTRAINTS,
        MBEDTLS_OID_SUBJECT_KEY_IDENTIFIER,
        MBEDTLS_OID_AUTHORITY_KEY_IDENTIFIER,
        MBEDTLS_OID_CERTIFICATE_POLICIES,
    };

    for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++)
        if (is(e, oids[i]))
            return true;
    return false;
}

bool extension_unknown_critical(const mbedtls_x509_crt *certificate)
{
    struct extension_walk walk = extension_walk(certificate);
    struct extension e;

    while (extension_next(&walk, &e) == ERR_OK)
        if (e.critical && !is_evaluated(&e))
            return true;
    return false;
}

enum err general_next(
    unsigned char **p, const unsigned char *end, struct general_name *out)
{
    unsigned tag;

    if (*p == end)
        return ERR_NOT_FOUND;
    tag = **p;
    (*p)++;
    if ((tag & MBEDTLS_ASN1_TAG_CLASS_MASK) != MBEDTLS_ASN1_CONTEXT_SPECIFIC ||
        mbedtls_asn1_get_len(p, end, &out->len) != 0)
        return ERR_INVALID;
    out->form = tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
    out->bytes = *p;
    *p += out->len;
    return ERR_OK;
}

enum err general_begin(
    const mbedtls_x509_crt *certificate, unsigned char **p, unsigned char **end)
{
    struct extension san;
    size_t len;
    enum err e =
        extension_find(certificate, MBEDTLS_OID_SUBJECT_ALT_NAME, &san);

    *p = *end = NULL;
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e != ERR_OK)
        return e;
    *p = san.value;
    *end = san.value + san.len;
    if (mbedtls_asn1_get_tag(p, *end, &len, SEQUENCE) != 0 || *p + len != *end)
        return ERR_INVALID;
    return ERR_OK;
}
