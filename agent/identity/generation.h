/* generation.h - an operational identity that can be used. */

#ifndef IDENTITY_GENERATION_H
#define IDENTITY_GENERATION_H

#include <mbedtls/x509_crt.h>
#include <stdint.h>

#include "core/err.h"
#include "identity/issued.h"
#include "identity/key.h"

struct generation {
    unsigned number; /* see generations.h */
    mbedtls_x509_crt *chain;
    struct key *key;
    int64_t from_s, until_s;
    char id[ISSUED_ID];
    char issuer[200]; /* in one line */
};

/* Of the certificate in the file `path`, with the key at `uri`.  ERR_NOT_FOUND,
 * ERR_INVALID, ...: it cannot be; `why` has words.  A key in a token that is
 * away is no fault. */
enum err generation_read(const char *path, const char *uri, char why[KEY_WHY],
    struct generation **out) MUST_CHECK;
void generation_free(struct generation *generation); /* NULL is fine */

#endif
