/* path.h - from a leaf to one of our anchors, by RFC 5280 section 6.
 *
 * mbedTLS takes the first issuer that fits and stays with it, evaluates no name
 * constraints, looks at no extended key usage above the leaf, and knows no way
 * back.  Here every way is tried until one is good. */

#ifndef IDENTITY_PATH_H
#define IDENTITY_PATH_H

#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "identity/crl.h"
#include "identity/reason.h"

#define PATH_MAX_LENGTH   10   /* certificates, leaf and anchor included */
#define PATH_MAX_SENT     32   /* certificates that a peer may send */
#define PATH_MAX_BYTES    8192 /* of one of them */
#define PATH_MAX_CHECKS   64   /* signatures looked at for one peer */
#define PATH_MAX_COMPLETE 16   /* ways to an anchor that may be no good */

enum path_purpose {
    PATH_SERVER,   /* id-kp-serverAuth, and the leaf must say so */
    PATH_DEVICE,   /* id-kp-clientAuth, where extendedKeyUsage is there */
    PATH_AUTHORITY /* the "leaf" is a CA that may stand above servers */
};

struct path {
    const mbedtls_x509_crt *certificates[PATH_MAX_LENGTH]; /* leaf first */
    size_t count;
};

struct path_question {
    const mbedtls_x509_crt
        *sent; /* the leaf, then what came along; any order */
    const mbedtls_x509_crt *anchors;
    const struct crls *crls; /* NULL: none are configured */
    int64_t crl_grace_s;
    enum path_purpose purpose;
    int64_t now_s;
    bool clock_is_late; /* now_s is only a floor: what has not begun by then
                           may well have begun */
    /* What else is asked of a path that keeps all rules; TRUST_OK, or why not,
     * and the leaf is blamed.  NULL: nothing. */
    enum trust_reason (*accept)(void *context, const struct path *path);
    void *context;
};

/* What was found: the first good path; or why the best one is not good, and
 * which certificate is to blame. */
struct path_answer {
    enum trust_reason reason;
    struct path path; /* when reason is TRUST_OK */
    const mbedtls_x509_crt *blamed;
};

void path_find(const struct path_question *question, struct path_answer *out);

#endif
