/* lists.h - the revocation lists in use: a file's, and fetched ones.
 *
 * Links judge with them on their threads while the loop puts newer ones in
 * place.  So this file has a lock, as anchors.h has, the only ones above the
 * files that own a foreign library's threads: lists are big, are judged with
 * for milliseconds, and must not be freed meanwhile. */

#ifndef IDENTITY_LISTS_H
#define IDENTITY_LISTS_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/crl.h"

struct lists;

/* Read the configured file; NULL: there is none.  Errors as crls_read. */
enum err lists_new(const char *path, struct lists **out) MUST_CHECK;
void lists_free(
    struct lists *lists); /* NULL is fine; nobody borrows any more */

/* The lists of this moment, NULL when there are none; give them back. */
const struct crls *lists_borrow(struct lists *lists);
void lists_return(struct lists *lists, const struct crls *borrowed);

/* A CA that stood in a path which was believed: its lists are believed too.  A
 * copy is kept of the first 16. */
void lists_know(struct lists *lists, const mbedtls_x509_crt *ca);

/* Lists that were fetched, PEM or DER; filled in but for the dates. */
struct lists_fetched {
    const void *bytes; /* borrowed for the call */
    size_t len;
    bool kept; /* read back from our own disk: believed once already */
    int64_t begun_s, next_s; /* out: the latest thisUpdate and the earliest
                                nextUpdate, INT64_MAX for none */
};

/* Use these, beside the file's, which is read again.  The network brings what
 * it likes, so each must be signed by one of `anchors` or by a CA that is
 * known.  ERR_AGAIN: such a CA is not known yet (never for what was kept);
 * ERR_DENIED: another key signed one, or there is not, for each fetched one in
 * use, one of its CA that is as new; ERR_INVALID: no lists.  The reason is
 * logged and the old ones stay. */
enum err lists_use(struct lists *lists, const mbedtls_x509_crt *anchors,
    struct lists_fetched *fetched) MUST_CHECK;

#endif
