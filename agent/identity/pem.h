/* pem.h - the text form of certificates, requests and lists (RFC 7468). */

#ifndef IDENTITY_PEM_H
#define IDENTITY_PEM_H

#include <stddef.h>

#include "core/err.h"
#include "identity/bytes.h"

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

/* Call `see` with the DER of each block of `text` that is headed `label`, in
 * order; other text is passed over.  *count: blocks seen.  ERR_INVALID: not
 * base64, or no end; or the first error of `see`, which ends it. */
enum err pem_each(const char *text, const char *label,
    enum err (*see)(void *context, const unsigned char *der, size_t len),
    void *context, size_t *count) MUST_CHECK;

#endif
