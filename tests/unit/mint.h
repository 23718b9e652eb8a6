/* mint.h - certificates that say whatever a test wants.
 *
 * forge.h makes what a factory makes; here names, flags, dates and extensions
 * are free.  Failures abort. */

#ifndef TESTS_MINT_H
#define TESTS_MINT_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stdint.h>

#include "certs/keypair.h"
#include "certs/subject.h"

#define MINT_NOW INT64_C(1800000000) /* 2027-01-15T08:00:00Z */
#define MINT_DAY INT64_C(86400)

/* Who can sign: a name (DER) and a key. */
struct party {
    struct keypair *key;
    struct bytes name;
};

struct party party_new(const struct subject *name);
struct party party_named(const char *common_name);
/* The same name with another key, the same key with another name. */
struct party party_twin(const struct party *name);
struct party party_alias(const struct party *key, const char *common_name);
void party_free(struct party *party);

/* What is left out is honest: valid from long ago until long after MINT_NOW,
 * usage as the role wants it, signed by the issuer. */
struct mint_plan {
    const struct party *issuer; /* NULL: signs itself */
    const struct party *signer; /* NULL: the issuer; else a forger */
    bool is_old;                /* version 1: no extensions */
    bool is_ca;
    bool has_limit; /* pathLenConstraint */
    unsigned limit;
    int64_t from, to;
    const char *purpose;            /* extendedKeyUsage, dotted */
    unsigned char usage;            /* keyUsage flags of certs/extensions.h */
    struct span constraints, names; /* nameConstraints, subjectAltName: as
                                       mint_constraints and mint_names make */
    struct span more;               /* whole extensions, DER */
    struct span spki;     /* a key that nobody has; empty: the subject's */
    size_t rsa_signature; /* octets of one that no RSA key made; 0: genuine */
};

/* The caller frees. */
struct bytes mint(const struct party *subject, const struct mint_plan *plan);

/* An RSA key of `bits` with an exponent as long; the caller frees. */
struct bytes mint_rsa_spki(size_t bits, size_t exponent_bits);

/* Append it to a list, as a peer's handshake or a trust file does. */
void mint_add(mbedtls_x509_crt *list, const struct bytes *der);

/* GeneralNames in words, parted by spaces:
 *     dns:a.test mail:a@b.test uri:x: ip:7f000001 (hexadecimal) other: rid:
 *     dir:Acme/Thermo (O and OU, UTF8String), t61:Acme, bmp:Acme (O alone)
 * For constraints each begins with + (permitted) or - (excluded), in this
 * order, and may end in "?min" or "?max".  The caller frees. */
struct bytes mint_names(const char *words);
struct bytes mint_constraints(const char *words);

/* Write `word` `times` behind one another; the caller's room is enough. */
void mint_repeat(char *room, const char *word, size_t times);

#endif
