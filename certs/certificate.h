/* certificate.h - the DER of a certificate, from a plan of what it says. */

#ifndef CERTS_CERTIFICATE_H
#define CERTS_CERTIFICATE_H

#include <stdint.h>

#include "certs/extensions.h"
#include "certs/keypair.h"

/* Everything is borrowed; what is NULL or empty is left out. */
struct certificate_plan {
    struct subject subject;
    struct span issuer; /* the issuer's Name, to the byte; empty: self */
    struct span issuer_key_id;
    struct span spki;
    int64_t from, to;                  /* seconds since 1970; READER_FOR_EVER */
    int path_length;                   /* or EXTENSION_NOT_A_CA */
    const char *const *purposes;       /* extendedKeyUsage, up to a NULL */
    const struct subject *permitted;   /* name constraints */
    const char *hardware_type;         /* with subject.serial_number */
    const char *masa;                  /* authority[:port] */
    const struct server_names *server; /* SAN of a server */
};

/* Sign with a fresh random serial number; the caller frees. */
enum err certificate_make(const struct certificate_plan *plan,
    const struct keypair *signer, struct bytes *der) MUST_CHECK;

/* AlgorithmIdentifier of the signer's signatures. */
void certificate_put_algorithm(struct der *d, const struct keypair *signer);

/* SEQUENCE { tbs, algorithm, signature }, as certificates and lists end; the
 * caller frees. */
enum err certificate_seal(struct span tbs, const struct keypair *signer,
    struct bytes *der) MUST_CHECK;

#endif
