/* chain.h - certificates from a PEM file, in the order they stand there. */

#ifndef IDENTITY_CHAIN_H
#define IDENTITY_CHAIN_H

#include <mbedtls/x509_crt.h>
#include <stddef.h>

#include "core/err.h"

#define CHAIN_FILE_BYTES 65536 /* the largest PEM file that is read */
#define CHAIN_LENGTH     16    /* the most certificates in one file */

/* Our own chain, leaf first, to be shown to peers: name constraints above the
 * leaf are accepted here (mbedTLS cannot parse them otherwise) because nothing
 * is verified with it.  Reasons are logged.  ERR_INVALID: no certificate, one
 * that does not parse, or too many. */
enum err chain_read_own(const char *path, mbedtls_x509_crt **out) MUST_CHECK;

/* Trust anchors: only extensions that mbedTLS enforces are accepted. */
enum err chain_read_anchors(
    const char *path, mbedtls_x509_crt **out) MUST_CHECK;

void chain_free(mbedtls_x509_crt *chain); /* NULL is fine */

#endif
