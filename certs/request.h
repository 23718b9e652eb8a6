/* request.h - a certificate request (PKCS #10, RFC 2986): a device made its
 * key itself, and asks.  Only the key is taken, never the subject. */

#ifndef CERTS_REQUEST_H
#define CERTS_REQUEST_H

#include "core/err.h"
#include "identity/bytes.h"

/* Read a request, PEM or DER, and give its SubjectPublicKeyInfo (the caller
 * frees): a P-256 key whose owner signed the request.  Refusals are said. */
enum err request_read(const char *path, struct bytes *spki) MUST_CHECK;

#endif
