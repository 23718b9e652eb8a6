/* certificate_request.c */

#include "cloud-mock/lib/certificate_request.h"

#include <mbedtls/md.h>
#include <mbedtls/pk.h>
#include <psa/crypto.h>
#include <stdint.h>
#include <string.h>

#include "certs/subject.h"
#include "identity/oid.h"
#include "identity/pem.h"
#include "identity/tag.h"

#define COUNT(a)              (sizeof(a) / sizeof((a)[0]))
#define OID_EXTENSION_REQUEST "1.2.840.113549.1.9.14"
#define RSA_BITS_LEAST        2048
#define RSA_BITS_MOST         4096

static const struct signing {
    const char *oid;
    mbedtls_pk_type_t key;
    mbedtls_md_type_t hash;
} signings[] = {
    {OID_ECDSA_SHA256,        MBEDTLS_PK_ECDSA, MBEDTLS_MD_SHA256},
    {OID_ECDSA_SHA384,        MBEDTLS_PK_ECDSA, MBEDTLS_MD_SHA384},
    {"1.2.840.10045.4.3.4",   MBEDTLS_PK_ECDSA, MBEDTLS_MD_SHA512},
    {"1.2.840.113549.1.1.11", MBEDTLS_PK_RSA,   MBEDTLS_MD_SHA256},
    {"1.2.840.113549.1.1.12", MBEDTLS_PK_RSA,   MBEDTLS_MD_SHA384},
    {"1.2.840.113549.1.1.13", MBEDTLS_PK_RSA,   MBEDTLS_MD_SHA512},
};

/* CertificationRequest, as it is signed. */
struct parts {
    struct item info;
    struct span signature;
    const struct signing *signing; /* NULL: another algorithm */
};

static bool take_parts(struct span der, struct parts *p)
{
    struct item whole, algorithm, oid, bits;
    char name[READER_OID_SIZE];

    p->signing = NULL;
    if (!reader_whole(der, DER_SEQUENCE, &whole) ||
        !reader_take(&whole.content, DER_SEQUENCE, &p->info) ||
        !reader_take(&whole.content, DER_SEQUENCE, &algorithm) ||
        !reader_take(&algorithm.content, DER_OID, &oid) ||
        !reader_oid(oid.content, name) ||
        !reader_take(&whole.content, DER_BIT_STRING, &bits) ||
        bits.content.len < 2 || bits.content.at[0] != 0 ||
        whole.content.len != 0)
        return false;
    p->signature = (struct span){bits.content.at + 1, bits.content.len - 1};
    for (size_t i = 0; i < COUNT(signings); i++)
        if (strcmp(signings[i].oid, name) == 0)
            p->signing = &signings[i];
    return true;
}

/* One RelativeDistinguishedName after the other, each with one attribute. */
static bool take_subject(struct item subject, struct view_name *out)
{
    struct span rest = subject.content;
    struct item set, pair, oid, value;

    *out = (struct view_name){.whole = subject.whole};
    while (rest.len > 0) {
        struct view_attribute *a = &out->attributes[out->count];

        if (out->count == VIEW_ATTRIBUTES ||
            !reader_take(&rest, DER_SET, &set) ||
            !reader_take(&set.content, DER_SEQUENCE, &pair) ||
            set.content.len != 0 ||
            !reader_take(&pair.content, DER_OID, &oid) ||
            !reader_oid(oid.content, a->oid) ||
            !reader_next(&pair.content, &value) || pair.content.len != 0)
            return false;
        a->tag = value.tag;
        a->value = value.content;
        a->alone = true;
        out->count++;
    }
    return true;
}

static bool asks_for_names(struct span extensions)
{
    char name[READER_OID_SIZE];
    struct item list, one, oid;

    if (!reader_take(&extensions, DER_SEQUENCE, &list))
        return false;
    while (reader_take(&list.content, DER_SEQUENCE, &one))
        if (reader_take(&one.content, DER_OID, &oid) &&
            reader_oid(oid.content, name) &&
            strcmp(name, OID_SUBJECT_ALT_NAME) == 0)
            return true;
    return false;
}

/* Attributes we do not know are passed over (RFC 7030 section 4.2.1). */
static bool take_attributes(struct span rest, struct certificate_request *out)
{
    struct item all, one, oid, values;
    char name[READER_OID_SIZE];

    out->names = false;
    if (rest.len == 0) /* some leave the empty [0] out */
        return true;
    if (!reader_take(&rest, DER_CONTEXT_CONSTRUCTED(0), &all) || rest.len != 0)
        return false;
    while (all.content.len > 0) {
        if (!reader_take(&all.content, DER_SEQUENCE, &one) ||
            !reader_take(&one.content, DER_OID, &oid) ||
            !reader_oid(oid.content, name) ||
            !reader_take(&one.content, DER_SET, &values))
            return false;
        if (strcmp(name, OID_EXTENSION_REQUEST) == 0)
            out->names = out->names || asks_for_names(values.content);
    }
    return true;
}

static bool take_info(struct span info, struct certificate_request *out)
{
    struct item version, subject, spki;

    if (!reader_take(&info, DER_INTEGER, &version) ||
        !reader_take(&info, DER_SEQUENCE, &subject) ||
        !reader_take(&info, DER_SEQUENCE, &spki) ||
        !take_subject(subject, &out->subject))
        return false;
    out->spki = spki.whole;
    return take_attributes(info, out);
}

static const char *judge_key(const mbedtls_pk_context *pk)
{
    size_t bits = mbedtls_pk_get_bitlen(pk);

    if (mbedtls_pk_can_do(pk, MBEDTLS_PK_ECDSA) == 1)
        return NULL; /* P-256 and P-384 are the only curves built in */
    if (mbedtls_pk_get_type(pk) != MBEDTLS_PK_RSA)
        return "its key is of no kind that is certified here; expected P-256,"
               " P-384 or RSA";
    if (bits < RSA_BITS_LEAST || bits > RSA_BITS_MOST)
        return "its RSA key has not 2048 to 4096 bits";
    return NULL;
}

static const char *judge_signature(
    mbedtls_pk_context *pk, const struct parts *p)
{
    unsigned char hash[MBEDTLS_MD_MAX_SIZE];
    const mbedtls_md_info_t *md;

    if (p->signing == NULL || !mbedtls_pk_can_do(pk, p->signing->key))
        return "it is signed with an algorithm that is not accepted; expected"
               " SHA-256, SHA-384 or SHA-512 with its own kind of key";
    md = mbedtls_md_info_from_type(p->signing->hash);
    if (mbedtls_md(md, p->info.whole.at, p->info.whole.len, hash) != 0 ||
        mbedtls_pk_verify(pk, p->signing->hash, hash, mbedtls_md_get_size(md),
            p->signature.at, p->signature.len) != 0)
        return "its signature is wrong: whoever made it has not proved to hold"
               " the key";
    return NULL;
}

static const char *judge_proof(struct span spki, const struct parts *p)
{
    unsigned char *at = (unsigned char *)(uintptr_t)spki.at;
    const char *fault = "its key is of no kind that is certified here;"
                        " expected P-256, P-384 or RSA of 2048 to 4096 bits";
    mbedtls_pk_context pk;

    /* mbedTLS's pk layer verifies through PSA. */
    if (psa_crypto_init() != PSA_SUCCESS)
        return "the server is out of memory";
    mbedtls_pk_init(&pk);
    /* It takes a pointer to move, and changes no byte. */
    if (mbedtls_pk_parse_subpubkey(&at, at + spki.len, &pk) == 0) {
        fault = judge_key(&pk);
        if (fault == NULL)
            fault = judge_signature(&pk, p);
    }
    mbedtls_pk_free(&pk);
    return fault;
}

static const char *fault_of(struct certificate_request *out)
{
    struct parts parts;

    if (!take_parts(bytes_span(&out->der), &parts) ||
        !take_info(parts.info.content, out))
        return "it is not a PKCS #10 request";
    return judge_proof(out->spki, &parts);
}

enum err certificate_request_read(
    const char *pem, struct certificate_request *out, const char **why)
{
    struct certificate_request request = {
        .der = {NULL, 0}
    };
    const char *rest = pem, *fault;
    enum err e = strlen(pem) > CERTIFICATE_REQUEST_BYTES
        ? ERR_INVALID
        : pem_next(PEM_REQUEST, &rest, &request.der);

    if (e == ERR_NO_MEMORY)
        return e;
    fault = e == ERR_OK ? fault_of(&request)
                        : "it is not base64 of a PKCS #10 request";
    if (fault == NULL) {
        *out = request;
        return ERR_OK;
    }
    certificate_request_free(&request);
    *why = fault;
    return ERR_INVALID;
}

void certificate_request_free(struct certificate_request *request)
{
    bytes_free(&request->der);
}

/* How often the attribute stands there, every time with this value; -1: with
 * another. */
static int times(
    const struct view_name *name, const char *oid, const char *value)
{
    int count = 0;

    for (size_t i = 0; i < name->count; i++) {
        const struct view_attribute *a = &name->attributes[i];

        if (strcmp(a->oid, oid) != 0)
            continue;
        if (a->value.len != strlen(value) ||
            memcmp(a->value.at, value, a->value.len) != 0)
            return -1;
        count++;
    }
    return count;
}

const char *certificate_request_judge(const struct certificate_request *request,
    const struct subject *owner, bool whole)
{
    const struct {
        const char *oid, *value;
    } own[] = {
        {OID_ORGANIZATION,      owner->organization     },
        {OID_ORGANIZATION_UNIT, owner->organization_unit},
        {OID_COMMON_NAME,       owner->common_name      },
        {OID_SERIAL_NUMBER,     owner->serial_number    },
    };
    size_t known = 0;

    if (request->names)
        return "it asks for a subjectAltName; a device gets none here";
    for (size_t i = 0; i < COUNT(own); i++) {
        int n = times(&request->subject, own[i].oid, own[i].value);

        if (n < 0 || n > 1)
            return "its subject names somebody else; leave it empty, or ask for"
                   " the name of the certificate you show";
        known += (size_t)n;
    }
    if (known != request->subject.count)
        return "its subject has more than O, OU, CN and serialNumber";
    if (whole && known != COUNT(own))
        return "its subject is not that of the certificate to be renewed"
               " (RFC 7030 4.2.2)";
    return NULL;
}
