/* certificate.c */

#include "identity/certificate.h"

#include <mbedtls/asn1.h>
#include <mbedtls/pk.h>
#include <stdlib.h>
#include <string.h>

#define SEQUENCE (MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE)
#define VERSION  (MBEDTLS_ASN1_CONTEXT_SPECIFIC | MBEDTLS_ASN1_CONSTRUCTED)

static int take_extension(void *context, const mbedtls_x509_crt *crt,
    const mbedtls_x509_buf *oid, int critical, const unsigned char *p,
    const unsigned char *end)
{
    (void)context;
    (void)crt;
    (void)oid;
    (void)critical;
    (void)p;
    (void)end;
    return 0;
}

static bool skip(unsigned char **p, unsigned char *end, int tag)
{
    size_t len;

    if (mbedtls_asn1_get_tag(p, end, &len, tag) != 0)
        return false;
    *p += len;
    return true;
}

bool certificate_is_one(const unsigned char *der, size_t len)
{
    unsigned char *p = (unsigned char *)der; /* mbedTLS wants no const */
    unsigned char *end = p + len;
    size_t inner;

    return mbedtls_asn1_get_tag(&p, end, &inner, SEQUENCE) == 0 &&
        p + inner == end && skip(&p, end, SEQUENCE) &&
        skip(&p, end, SEQUENCE) && skip(&p, end, MBEDTLS_ASN1_BIT_STRING) &&
        p == end;
}

int certificate_add(
    mbedtls_x509_crt *chain, const unsigned char *der, size_t len)
{
    /* mbedTLS would take what stands before other bytes. */
    if (!certificate_is_one(der, len))
        return MBEDTLS_ERR_X509_INVALID_FORMAT;
    return mbedtls_x509_crt_parse_der_with_ext_cb(
        chain, der, len, 1, take_extension, NULL);
}

/* Where the subject stands (RFC 5280 section 4.1.2): after the version, serial,
 * algorithm, issuer and dates. */
static bool find_subject(const mbedtls_x509_buf *raw, mbedtls_x509_buf *subject)
{
    unsigned char *p = raw->p;
    unsigned char *end = p + raw->len;
    size_t len;

    /* Into Certificate, into tbsCertificate. */
    for (int level = 0; level < 2; level++)
        if (mbedtls_asn1_get_tag(&p, end, &len, SEQUENCE) != 0)
            return false;
    end = p + len;
    if (p < end && *p == VERSION && !skip(&p, end, VERSION))
        return false;
    if (!skip(&p, end, MBEDTLS_ASN1_INTEGER) || !skip(&p, end, SEQUENCE) ||
        !skip(&p, end, SEQUENCE) || !skip(&p, end, SEQUENCE))
        return false;
    subject->p = p;
    if (!skip(&p, end, SEQUENCE))
        return false;
    subject->len = (size_t)(p - subject->p);
    return true;
}

int certificate_add_unusable(
    mbedtls_x509_crt *chain, const unsigned char *der, size_t len)
{
    mbedtls_x509_crt *last = chain;
    mbedtls_x509_crt *node = calloc(1, sizeof(*node));

    if (node == NULL)
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    mbedtls_x509_crt_init(node);
    node->raw.p = calloc(1, len); /* mbedTLS frees both */
    if (node->raw.p == NULL) {
        free(node);
        return MBEDTLS_ERR_X509_ALLOC_FAILED;
    }
    node->MBEDTLS_PRIVATE(own_buffer) = 1;
    node->raw.len = len;
    node->version = 3; /* else mbedTLS takes it for a node to fill */
    memcpy(node->raw.p, der, len);
    if (!find_subject(&node->raw, &node->subject_raw)) {
        mbedtls_x509_crt_free(node);
        free(node);
        return MBEDTLS_ERR_X509_INVALID_FORMAT;
    }
    while (last->next != NULL)
        last = last->next;
    last->next = node;
    return 0;
}

bool certificate_is_usable(const mbedtls_x509_crt *certificate)
{
    return mbedtls_pk_get_type(&certificate->pk) != MBEDTLS_PK_NONE;
}

/* mbedTLS adds a low-level code (above -0x80 and in steps of its modules) to
 * its own. */
static bool has_code(int error, int code)
{
    return -error / 0x80 == -code / 0x80;
}

enum trust_reason certificate_fault(int error)
{
    static const int algorithms[] = {
        MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG,
        MBEDTLS_ERR_PK_UNKNOWN_PK_ALG,
        MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE,
        MBEDTLS_ERR_PK_FEATURE_UNAVAILABLE,
    };

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (has_code(error, algorithms[i]))
            return TRUST_UNSUPPORTED;
    if (has_code(error, MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE))
        return TRUST_CRITICAL_EXTENSION;
    return TRUST_MALFORMED;
}
