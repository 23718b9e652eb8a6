/* constraints.h - name constraints (RFC 5280 section 4.2.1.10), which mbedTLS
 * neither parses nor evaluates.
 *
 * dNSName, iPAddress and directoryName are evaluated.  A name of a form that is
 * constrained and that we cannot compare (rfc822Name, URI, others) is refused,
 * whatever the constraint says. */

#ifndef IDENTITY_CONSTRAINTS_H
#define IDENTITY_CONSTRAINTS_H

#include <mbedtls/x509_crt.h>

#include "core/err.h"

/* May the CA whose nameConstraints extension has this value speak for every
 * name of `subject`: its subject if there is one, each subjectAltName, and an
 * emailAddress in the subject?  ERR_DENIED: not for one of them; ERR_INVALID:
 * the constraints are malformed, or have a minimum or maximum. */
enum err constraints_check(const unsigned char *value, size_t len,
    const mbedtls_x509_crt *subject) MUST_CHECK;

#endif
