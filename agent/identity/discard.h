/* discard.h - destroy a key that is out of use, on a thread: a token takes
 * seconds. */

#ifndef IDENTITY_DISCARD_H
#define IDENTITY_DISCARD_H

#include <mbedtls/x509_crt.h>
#include <stddef.h>

#include "core/err.h"
#include "core/loop.h"
#include "identity/key.h"

struct discard;

#define DISCARD_SPARED 2

struct discard_options {
    const char *uri; /* of the key; copied */
    /* The certificates whose keys stay, whatever the URI says: the factory's.
     * NULL: none.  Borrowed until worker_threads() is 0. */
    const mbedtls_x509_crt *spared[DISCARD_SPARED];
};

/* ERR_OK: it is destroyed; ERR_NOT_FOUND: there was none; ERR_CONFLICT: it is a
 * spared one's, or several fit, and nothing was touched; else it may be tried
 * again.  `why` has the words. */
struct discard_end {
    enum err e;
    char why[KEY_WHY];
};
typedef void discard_callback(void *context, const struct discard_end *end);

/* `ended` comes exactly once, unless discard_cancel comes first; its first line
 * clears the handle.  ERR_NO_MEMORY. */
enum err discard_start(struct loop *loop, const struct discard_options *options,
    discard_callback *ended, void *context, struct discard **out) MUST_CHECK;
void discard_cancel(struct discard *discard); /* NULL is fine; the thread ends
    when the token answers */

#endif
