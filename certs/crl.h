/* crl.h - certificate revocation lists (RFC 5280 section 5), which mbedTLS
 * reads but does not write. */

#ifndef CERTS_CRL_H
#define CERTS_CRL_H

#include <stdint.h>

#include "certs/authority.h"

/* CRLReason (RFC 5280 5.3.1), those that make sense here: nothing is put on
 * hold, because a device that was doubted once is issued anew. */
enum crl_reason {
    CRL_UNSPECIFIED = 0,
    CRL_KEY_COMPROMISE = 1,
    CRL_CA_COMPROMISE = 2,
    CRL_AFFILIATION_CHANGED = 3,
    CRL_SUPERSEDED = 4,
    CRL_CESSATION_OF_OPERATION = 5,
    CRL_PRIVILEGE_WITHDRAWN = 9,
};

/* "keyCompromise"; NULL for a number that is none of these. */
const char *crl_reason_name(enum crl_reason reason);
/* False: no such name. */
bool crl_reason_parse(const char *name, enum crl_reason *reason);
/* All names in one line, for a message. */
#define CRL_REASONS                                                            \
    "unspecified, keyCompromise, cACompromise, affiliationChanged,"            \
    " superseded, cessationOfOperation, privilegeWithdrawn"

struct crl_entry {
    unsigned char serial[20];
    size_t serial_len;
    int64_t date; /* seconds since 1970 */
    enum crl_reason reason;
};

struct crl_plan {
    int64_t from, to; /* thisUpdate, nextUpdate */
    uint64_t number;  /* grows with each list of an issuer */
    const struct crl_entry *entries;
    size_t count;
};

/* The caller frees. */
enum err crl_make(const struct crl_plan *plan, const struct authority *issuer,
    struct bytes *der) MUST_CHECK;

#endif
