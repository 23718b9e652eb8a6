/* genuine.c */

#include "identity/genuine.h"

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <string.h>

#include "identity/constraints.h"
#include "identity/distinguished_name.h"
#include "identity/extension.h"
#include "identity/thing_name.h"

#define FIELD_SIZE 257
#define SEQUENCE   (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)

struct subject {
    char vendor[FIELD_SIZE], model[FIELD_SIZE], serial[FIELD_SIZE],
        thing[FIELD_SIZE];
};

static struct dn subject_of(const mbedtls_x509_crt *c)
{
    return (struct dn){c->subject_raw.p, c->subject_raw.len};
}

/* The attribute as text; false when it is not there once, empty, too long, or
 * holds a NUL. */
static bool text_of(struct dn name, const char *oid, char out[FIELD_SIZE])
{
    const unsigned char *value;
    size_t len;

    out[0] = '\0';
    if (!dn_value(name, oid, &value, &len) || len == 0 || len >= FIELD_SIZE ||
        memchr(value, '\0', len) != NULL)
        return false;
    memcpy(out, value, len);
    out[len] = '\0';
    return true;
}

/* hardwareModuleName (RFC 4108 section 5) in subjectAltName: *serial is its
 * hwSerialNum, or untouched when `n` is another name. */
static bool hardware_serial(
    const struct general_name *n, const unsigned char **serial, size_t *len)
{
    static const char oid[] = MBEDTLS_OID_ON_HW_MODULE_NAME;
    unsigned char *p = n->bytes, *end = p + n->len;
    size_t size;

    if (n->form != GENERAL_OTHER ||
        mbedtls_asn1_get_tag(&p, end, &size, MBEDTLS_ASN1_OID) != 0 ||
        size != sizeof(oid) - 1 || memcmp(p, oid, size) != 0)
        return true;
    p += size;
    if (mbedtls_asn1_get_tag(&p, end, &size,
            MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED) != 0 ||
        mbedtls_asn1_get_tag(&p, end, &size, SEQUENCE) != 0 ||
        mbedtls_asn1_get_tag(&p, end, &size, MBEDTLS_ASN1_OID) != 0)
        return false;
    p += size;
    if (mbedtls_asn1_get_tag(&p, end, len, MBEDTLS_ASN1_OCTET_STRING) != 0)
        return false;
    *serial = p;
    return true;
}

static bool hardware_agrees(const mbedtls_x509_crt *leaf, const char *serial)
{
    unsigned char *p, *end;
    struct general_name n;

    if (general_begin(leaf, &p, &end) != ERR_OK)
        return false;
    while (general_next(&p, end, &n) == ERR_OK) {
        const unsigned char *found = NULL;
        size_t len = 0;

        if (!hardware_serial(&n, &found, &len))
            return false;
        if (found != NULL &&
            (len != strlen(serial) || memcmp(found, serial, len) != 0))
            return false;
    }
    return true;
}

static bool read_subject(const mbedtls_x509_crt *leaf, struct subject *s)
{
    const struct dn name = subject_of(leaf);
    const struct thing_name_parts parts = {s->vendor, s->model, s->serial};
    char thing[THING_NAME_SIZE];

    return text_of(name, MBEDTLS_OID_AT_ORGANIZATION, s->vendor) &&
        text_of(name, MBEDTLS_OID_AT_ORG_UNIT, s->model) &&
        text_of(name, MBEDTLS_OID_AT_SERIAL_NUMBER, s->serial) &&
        text_of(name, MBEDTLS_OID_AT_CN, s->thing) &&
        thing_name_make(&parts, thing) == ERR_OK &&
        strcmp(thing, s->thing) == 0 && hardware_agrees(leaf, s->serial);
}

static bool speaks_for(const mbedtls_x509_crt *ca, const char *vendor)
{
    char o[FIELD_SIZE];

    return text_of(subject_of(ca), MBEDTLS_OID_AT_ORGANIZATION, o) &&
        strcmp(o, vendor) == 0;
}

static bool is_held_to(const mbedtls_x509_crt *ca, const char *vendor)
{
    struct extension nc;

    return extension_find(ca, MBEDTLS_OID_NAME_CONSTRAINTS, &nc) == ERR_OK &&
        constraints_hold_to(nc.value, nc.len, vendor);
}

static bool path_speaks_for(
    const struct path *path, const char *vendor, bool anchor_is_program)
{
    size_t cas = path->count - (anchor_is_program ? 1 : 0);
    bool held = false;

    if (path->count < 2 || cas < 2)
        return false; /* nobody vouches for it but itself, or the program */
    for (size_t i = 1; i < cas; i++) {
        if (!speaks_for(path->certificates[i], vendor))
            return false;
        held |= is_held_to(path->certificates[i], vendor);
    }
    return held || !anchor_is_program;
}

/* The CA that issued it is for this model alone. */
static bool issuer_has_model(const struct path *path, const char *model)
{
    char ou[FIELD_SIZE];

    return text_of(subject_of(path->certificates[1]), MBEDTLS_OID_AT_ORG_UNIT,
               ou) &&
        strcmp(ou, model) == 0;
}

enum trust_reason genuine_check(const struct path *path,
    const struct genuine_question *q, enum proof *level)
{
    struct subject s;

    *level = PROOF_NONE;
    if (!read_subject(path->certificates[0], &s))
        return TRUST_NAMEPLATE;
    if (!path_speaks_for(path, s.vendor, q->anchor_is_program))
        return TRUST_VENDOR;
    *level = PROOF_VENDOR;
    if (q->model != NULL && strcmp(q->model, s.model) != 0)
        return TRUST_MODEL;
    if (q->model != NULL || issuer_has_model(path, s.model))
        *level = PROOF_MODEL;
    if (q->serial != NULL && strcmp(q->serial, s.serial) != 0)
        return TRUST_SERIAL;
    if (q->serial != NULL)
        *level = PROOF_DEVICE;
    return *level < q->min_level ? TRUST_LEVEL : TRUST_OK;
}
