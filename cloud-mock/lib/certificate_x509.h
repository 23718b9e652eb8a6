/* certificate_x509.h - what certificate*.c share: X.509 through mbedTLS. */

#ifndef CLOUD_MOCK_CERTIFICATE_X509_H
#define CLOUD_MOCK_CERTIFICATE_X509_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>

#include "cloud-mock/lib/certificate.h"

/* Parse one DER certificate; critical name constraints, which mbedTLS does
 * not know, are let through: the TLS layer has applied them. */
enum err certificate_parse(
    const void *der, size_t len, mbedtls_x509_crt *out) MUST_CHECK;

/* The only value of an attribute (MBEDTLS_OID_AT_...), as UTF-8.
 * ERR_INVALID: none, several, empty, too long or not text. */
enum err certificate_attribute(const mbedtls_x509_name *name, const char *oid,
    char text[STORE_TEXT_SIZE]) MUST_CHECK;

void certificate_name_text(
    const mbedtls_x509_name *name, char text[STORE_NAME_SIZE]);

/* The CA of the pool that signed `crt`; lent; NULL: none. */
mbedtls_x509_crt *certificate_pool_signer(
    const struct certificate_pool *pool, mbedtls_x509_crt *crt);

#endif
