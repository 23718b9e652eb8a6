/* chain.h - certificates from a PEM file, in the order they stand there. */

#ifndef IDENTITY_CHAIN_H
#define IDENTITY_CHAIN_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "identity/bytes.h"
#include "identity/reason.h"

#define CHAIN_FILE_BYTES 65536         /* the largest file of our own chain */
#define CHAIN_MOST_BYTES (1024 * 1024) /* ... and of any */
#define CHAIN_OWN        16            /* the most certificates we may show */
#define CHAIN_MOST       1024          /* ... or that a file may hold at all */

/* Our own chain, leaf first, to be shown to peers.  Reasons are logged.
 * ERR_INVALID: no certificate, one that does not parse, or too many. */
enum err chain_read_own(const char *path, mbedtls_x509_crt **out) MUST_CHECK;

/* Trust anchors: a file, or TRUST_SYSTEM for Debian's list.  One whose
 * algorithm is not known here is passed over with a warning; the rest must
 * parse. */
enum err chain_read_anchors(
    const char *path, mbedtls_x509_crt **out) MUST_CHECK;

/* A peer's chain, leaf first, as it would send it.  ERR_INVALID: there is no
 * certificate in the file, or one is no certificate on the outside.  With
 * ERR_DENIED it is one, and a peer that sent it is refused: *reason says why
 * and *out is NULL. */
enum err chain_read_peer(const char *path, mbedtls_x509_crt **out,
    enum trust_reason *reason) MUST_CHECK;

/* The DER of the index-th certificate, lent; false: there are no more. */
bool chain_at(const mbedtls_x509_crt *chain, size_t index, struct span *der);

void chain_free(mbedtls_x509_crt *chain); /* NULL is fine */

#endif
