/* pem.h - the text form of certificates, requests and lists (RFC 7468). */

#ifndef CERTS_PEM_H
#define CERTS_PEM_H

#include "certs/bytes.h"
#include "core/err.h"

#define PEM_CERTIFICATE "CERTIFICATE"
#define PEM_CRL         "X509 CRL"
#define PEM_REQUEST     "CERTIFICATE REQUEST"

/* The caller frees. */
enum err pem_write(
    const char *label, struct span der, struct bytes *text) MUST_CHECK;

/* Decode the first block with this label in *text (a string) and step behind
 * it; the caller frees.  ERR_NOT_FOUND: no more; ERR_INVALID: not base64. */
enum err pem_next(
    const char *label, const char **text, struct bytes *der) MUST_CHECK;

#endif
