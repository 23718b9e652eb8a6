/* crl.h - certificate revocation lists (RFC 5280 section 5).
 *
 * A list speaks for the CA that signed it.  Indirect and delta lists, and any
 * with a critical extension, are refused when read. */

#ifndef IDENTITY_CRL_H
#define IDENTITY_CRL_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct crls;

/* Read one or several, PEM, or one as DER.  ERR_INVALID (logged): one does not
 * parse, or there is none. */
enum err crls_parse(
    const void *bytes, size_t len, struct crls **out) MUST_CHECK;
/* The same from a file of at most 1 MiB; also the errors of file_read. */
enum err crls_read(const char *path, struct crls **out) MUST_CHECK;
/* Add those of a file to what is there. */
enum err crls_add_file(struct crls *crls, const char *path) MUST_CHECK;
void crls_free(struct crls *crls); /* NULL is fine */

/* Is each signed by one of these CAs, `more` (NULL: none) among them?
 * ERR_AGAIN: one is of a CA that is not here; ERR_DENIED: another key signed
 * it. */
enum err crls_check(const struct crls *crls, const mbedtls_x509_crt *cas,
    const mbedtls_x509_crt *more) MUST_CHECK;

/* Is there, for each of `old`, one of the same CA that is not older (by
 * thisUpdate)?  Else somebody left out, or played back, what revokes. */
bool crls_replace(const struct crls *fresh, const struct crls *old);

enum crl_status {
    CRL_NONE, /* no list of this CA */
    CRL_GOOD,
    CRL_REVOKED, /* also by a list that is over: what is revoked stays so */
    CRL_STALE,   /* not revoked by a list that is over */
    CRL_BAD      /* a list in its name, and none that it signed */
};

struct crl_when {
    int64_t now_s;
    int64_t grace_s;   /* a list is fresh so long after its nextUpdate */
    bool may_be_later; /* now_s is only a floor: a list may have begun since */
};

/* What the lists say of `certificate`, issued by `issuer`.  One without
 * nextUpdate is never over; one that has not begun counts as BAD, but what it
 * revokes is revoked. */
enum crl_status crls_look(const struct crls *crls,
    const mbedtls_x509_crt *certificate, const mbedtls_x509_crt *issuer,
    const struct crl_when *when);

/* The earliest nextUpdate and the latest thisUpdate of all; INT64_MAX when none
 * has a nextUpdate. */
void crls_dates(
    const struct crls *crls, int64_t *next_update_s, int64_t *this_update_s);

#endif
