/* request.h - a new key and a request for its certificate, made on a thread: a
 * token takes seconds. */

#ifndef IDENTITY_REQUEST_H
#define IDENTITY_REQUEST_H

#include "core/err.h"
#include "core/loop.h"
#include "identity/bytes.h"
#include "identity/key.h"
#include "identity/thing_name.h"

struct request;

struct request_options {
    const char *uri; /* where the key will be; copied */
    enum keystore_kind kind;
    /* A file that is written, with this text, when there is no key at the URI
     * and before one is made; NULL: none.  Copied. */
    const char *mark, *mark_text;
    const struct thing_name_parts *who; /* borrowed until the end */
};

/* How it ended; the callee may take the key and the DER, and leaves NULL. */
struct request_end {
    enum err e;
    char why[KEY_WHY];
    struct key *key;
    struct bytes der; /* PKCS #10 */
};
typedef void request_callback(void *context, struct request_end *end);

/* `ended` comes exactly once, unless request_cancel comes first; its first line
 * clears the handle. */
enum err request_start(struct loop *loop, const struct request_options *options,
    request_callback *ended, void *context, struct request **out) MUST_CHECK;
void request_cancel(struct request *request); /* NULL is fine; the thread ends
    when the token answers */

#endif
