/* csr.h - a request for a certificate: the nameplate, signed by the key. */

#ifndef IDENTITY_CSR_H
#define IDENTITY_CSR_H

#include "core/err.h"
#include "identity/key.h"
#include "identity/thing_name.h"

/* PKCS #10 (RFC 2986) as PEM, signed where the key is; the caller calls
 * free(3). The subject is that of the certificate to come: O=vendor, OU=model,
 * CN=thing name, serialNumber.  ERR_INVALID, ERR_TOO_BIG: no thing can have
 * that name; else as key_ready.  `why` has words on every failure. */
enum err csr_make(struct key *key, const struct thing_name_parts *who,
    char why[KEY_WHY], char **pem) MUST_CHECK;

#endif
