/* anchors.h - the trust anchors in use: a file's, and those that were added
 * because one of the file's vouches for them (rollover.h).
 *
 * Links judge with them on their threads while the loop puts others in place:
 * as in lists.h, each borrows a set, and the last one who gives it back frees
 * it. */

#ifndef IDENTITY_ANCHORS_H
#define IDENTITY_ANCHORS_H

#include <mbedtls/x509_crt.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/bytes.h"

#define ANCHORS_ADDED 8 /* the most that are added */

struct anchors;

/* One that is added, and which of the file's vouches for it (from 0). */
struct anchor_addition {
    const mbedtls_x509_crt *certificate; /* lent; its neighbours do not count */
    size_t voucher;
};

/* Lent.  The file's come first; then the added ones, each with its voucher. */
struct anchor_set {
    const mbedtls_x509_crt *all;
    size_t configured, added;
    size_t vouchers[ANCHORS_ADDED];
    unsigned generation; /* how often the added ones changed; 0: never */
    int64_t since_s;     /* when they did last, by our clock */
};

/* What people want to know of them. */
struct anchors_view {
    size_t configured, added;
    unsigned generation;
    int64_t since_s;
    int64_t both_until_s; /* when the first of the added ones or of those that
                             vouch for them ends; 0: none is added */
    char subject[160];    /* of the added one that began last */
};

/* Errors and words as chain_read_anchors. */
enum err anchors_new(const char *path, struct anchors **out) MUST_CHECK;
void anchors_free(struct anchors *anchors); /* NULL is fine; none is borrowed */

/* The file's alone, for life. */
mbedtls_x509_crt *anchors_configured(const struct anchors *anchors);

/* Those of this moment; give them back. */
const struct anchor_set *anchors_borrow(struct anchors *anchors);
void anchors_return(struct anchors *anchors, const struct anchor_set *set);

void anchors_look(struct anchors *anchors, struct anchors_view *out);

/* In place of what was added before.  *kept, unless NULL: for anchors_restore;
 * the caller frees.  ERR_NO_MEMORY: all is as it was. */
enum err anchors_put(struct anchors *anchors,
    const struct anchor_addition *additions, size_t count,
    struct bytes *kept) MUST_CHECK;

/* Add what was kept: a line with generation and time, then PEM, each one
 * followed by the anchor that vouched for it, which must still be in the file;
 * else it is passed over.  ERR_INVALID: it is damaged, and none is added. */
enum err anchors_restore(struct anchors *anchors, const char *pem) MUST_CHECK;

#endif
