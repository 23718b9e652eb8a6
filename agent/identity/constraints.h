/* constraints.h - name constraints (RFC 5280 section 4.2.1.10), which mbedTLS
 * neither parses nor evaluates.
 *
 * dNSName, iPAddress and directoryName are evaluated.  A name of a form that is
 * constrained and that we cannot compare (rfc822Name, URI, others) is refused,
 * whatever the constraint says. */

#ifndef IDENTITY_CONSTRAINTS_H
#define IDENTITY_CONSTRAINTS_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

/* May the CA whose nameConstraints extension has this value speak for every
 * name of `subject`: its subject if there is one, each subjectAltName, and an
 * emailAddress in the subject?  ERR_DENIED: not for one of them; ERR_INVALID:
 * the constraints are malformed, or have a minimum or maximum; ERR_TOO_BIG:
 * more to compare than any honest pair has. */
enum err constraints_check(const unsigned char *value, size_t len,
    const mbedtls_x509_crt *subject) MUST_CHECK;

/* Do these constraints hold a CA to one organization: is there a permitted
 * directoryName, and is `o` the O (to the byte) in each of them? */
bool constraints_hold_to(const unsigned char *value, size_t len, const char *o);

#endif
