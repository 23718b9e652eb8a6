/* pem.h - what stands between BEGIN and END lines (RFC 7468). */

#ifndef IDENTITY_PEM_H
#define IDENTITY_PEM_H

#include <stddef.h>

#include "core/err.h"

/* Call `see` with the DER of each block of `text` that is headed `label`
 * ("CERTIFICATE"), in order; other text is passed over.  *count: blocks seen.
 * ERR_INVALID: a block's armour is damaged; or the first error of `see`, which
 * ends it. */
enum err pem_each(const char *text, const char *label,
    enum err (*see)(void *context, const unsigned char *der, size_t len),
    void *context, size_t *count) MUST_CHECK;

#endif
