/* csr_wishes.c */

#include "identity/csr_wishes.h"

#include <string.h>

#include "identity/oid.h"
#include "identity/reader.h"
#include "identity/tag.h"

#define OID_RSA                "1.2.840.113549.1.1.1"
#define OID_CHALLENGE_PASSWORD "1.2.840.113549.1.9.7"
#define OID_TEMPLATE           "1.2.840.113549.1.9.16.2.61" /* RFC 9908 */

static enum csr_key key_of(const char *oid)
{
    if (strcmp(oid, OID_P256) == 0)
        return CSR_KEY_P256;
    return strcmp(oid, OID_P384) == 0 ? CSR_KEY_P384 : CSR_KEY_OTHER;
}

/* An AlgorithmIdentifier of a key. */
static bool take_algorithm(struct span in, struct csr_wishes *w)
{
    struct item oid, curve;
    char text[READER_OID_SIZE];

    if (!reader_take(&in, DER_OID, &oid) || !reader_oid(oid.content, text))
        return false;
    if (strcmp(text, OID_EC_PUBLIC_KEY) != 0) {
        w->key = CSR_KEY_OTHER;
        return true;
    }
    if (in.len == 0) /* elliptic, whichever curve */
        return true;
    if (!reader_take(&in, DER_OID, &curve) || in.len != 0 ||
        !reader_oid(curve.content, text))
        return false;
    w->key = key_of(text);
    return true;
}

/* CertificationRequestInfoTemplate (RFC 9908 section 3.4): version, perhaps a
 * subject, perhaps [0] a key, [1] attributes. */
static bool take_template(struct span values, struct csr_wishes *w)
{
    struct item whole, item, algorithm;
    struct span in;

    if (!reader_whole(values, DER_SEQUENCE, &whole))
        return false;
    in = whole.content;
    if (!reader_take(&in, DER_INTEGER, &item) || item.content.len != 1 ||
        item.content.at[0] != 0)
        return false;
    if (in.len > 0 && in.at[0] == DER_SEQUENCE) {
        if (!reader_next(&in, &item))
            return false;
        w->others++;
    }
    if (in.len > 0 && in.at[0] == DER_CONTEXT_CONSTRUCTED(0)) {
        if (!reader_next(&in, &item) ||
            !reader_take(&item.content, DER_SEQUENCE, &algorithm) ||
            !take_algorithm(algorithm.content, w))
            return false;
    }
    if (!reader_take(&in, DER_CONTEXT_CONSTRUCTED(1), &item) || in.len != 0)
        return false;
    w->others += item.content.len > 0;
    w->has_template = true;
    return true;
}

/* An OID by itself: a kind of key, an algorithm of signatures, or a wish for an
 * attribute with this name. */
static void take_oid(const char *oid, struct csr_wishes *w)
{
    if (strcmp(oid, OID_CHALLENGE_PASSWORD) == 0)
        w->channel_binding = true;
    else if (strcmp(oid, OID_ECDSA_SHA384) == 0)
        w->key = CSR_KEY_P384; /* our hash goes with the curve */
    else if (strcmp(oid, OID_P256) == 0 || strcmp(oid, OID_P384) == 0)
        w->key = key_of(oid);
    else if (strcmp(oid, OID_RSA) == 0)
        w->key = CSR_KEY_OTHER;
    else if (strcmp(oid, OID_ECDSA_SHA256) != 0 &&
        strcmp(oid, OID_EC_PUBLIC_KEY) != 0)
        w->others++;
}

/* Attribute { type, SET OF value }. */
static bool take_attribute(struct span in, struct csr_wishes *w)
{
    struct item oid, values, curve;
    char text[READER_OID_SIZE];

    if (!reader_take(&in, DER_OID, &oid) || !reader_oid(oid.content, text) ||
        !reader_take(&in, DER_SET, &values) || in.len != 0)
        return false;
    if (strcmp(text, OID_TEMPLATE) == 0)
        return take_template(values.content, w);
    if (strcmp(text, OID_EC_PUBLIC_KEY) == 0) {
        if (!reader_take(&values.content, DER_OID, &curve) ||
            !reader_oid(curve.content, text))
            return false;
        w->key = key_of(text);
        return true;
    }
    take_oid(text, w); /* RSA of some length; extensions; ... */
    return true;
}

enum err csr_wishes_read(
    struct span der, struct csr_wishes *out, const char **why)
{
    struct csr_wishes w = {.key = CSR_KEY_ANY};
    struct item all, item;
    char text[READER_OID_SIZE];

    if (der.len > 0) {
        *why = "its CSR attributes are not one SEQUENCE in DER";
        if (!reader_whole(der, DER_SEQUENCE, &all))
            return ERR_INVALID;
        while (all.content.len > 0) {
            *why = "one of its CSR attributes is malformed";
            if (!reader_next(&all.content, &item))
                return ERR_INVALID;
            if (item.tag == DER_OID && reader_oid(item.content, text))
                take_oid(text, &w);
            else if (item.tag != DER_SEQUENCE ||
                !take_attribute(item.content, &w))
                return ERR_INVALID;
        }
    }
    *out = w;
    return ERR_OK;
}
