/* certificate.h - one certificate from its bytes, unknown extensions and all.
 *
 * mbedTLS refuses any certificate with a critical extension that it does not
 * know, name constraints among them.  Here such a certificate is taken; who
 * judges it looks at its extensions (extension.h, path.c). */

#ifndef IDENTITY_CERTIFICATE_H
#define IDENTITY_CERTIFICATE_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>

#include "identity/reason.h"

/* Append the certificate `der`, and nothing behind it, to `chain`: 0, or
 * mbedTLS's error. */
int certificate_add(
    mbedtls_x509_crt *chain, const unsigned char *der, size_t len);

/* Append a certificate whose algorithm we do not know to a chain that has a
 * leaf, as a mere bearer of its subject: whoever looks for an issuer of that
 * name learns why there is none.  It is no certificate to compute with. */
int certificate_add_unusable(
    mbedtls_x509_crt *chain, const unsigned char *der, size_t len);
bool certificate_is_usable(const mbedtls_x509_crt *certificate);

/* What such an error means for a peer that presents it: TRUST_UNSUPPORTED,
 * TRUST_CRITICAL_EXTENSION or TRUST_MALFORMED. */
enum trust_reason certificate_fault(int error);

/* Is it a Certificate on the outside (RFC 5280 section 4.1): one SEQUENCE of
 * two SEQUENCEs and a BIT STRING, with nothing behind? */
bool certificate_is_one(const unsigned char *der, size_t len);

#endif
