/* csr_template.h - what an EST server wants in a request: a
 * CertificationRequestInfoTemplate within CsrAttrs (RFC 9908 section 3.4). */

#ifndef CERTS_CSR_TEMPLATE_H
#define CERTS_CSR_TEMPLATE_H

#include "certs/subject.h"

/* The DER of a CsrAttrs that asks for a P-256 key and a subject of O, OU, CN
 * and serialNumber: with these values, or, where NULL, for the client to fill
 * in.  The caller frees. */
enum err csr_template_write(
    const struct subject *subject, struct bytes *der) MUST_CHECK;

#endif
